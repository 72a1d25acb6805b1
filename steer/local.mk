# steer: floor 2. The decision core: pure, integers, no clock.
noinst_LIBRARIES += libsteer.a
libsteer_a_SOURCES = \
	steer/decide.c steer/decide.h \
	steer/fixed.c steer/fixed.h \
	steer/phi.c steer/phi.h \
	steer/pick.c steer/pick.h \
	steer/place.c steer/place.h \
	steer/prior.c steer/prior.h \
	steer/rank.c steer/rank.h \
	steer/rules.c steer/rules.h \
	steer/sight.c steer/sight.h \
	steer/verdict.c steer/verdict.h \
	steer/world.c steer/world.h
