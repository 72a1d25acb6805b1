noinst_LIBRARIES += libprobers.a
libprobers_a_SOURCES =
