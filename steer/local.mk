# steer: floor 2. The decision core: pure, integers, no clock.
noinst_LIBRARIES += libsteer.a
libsteer_a_SOURCES = \
	steer/place.h \
	steer/rank.h steer/pick.h steer/verdict.h steer/phi.h \
	steer/rules.c steer/rules.h
