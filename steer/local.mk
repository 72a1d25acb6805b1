noinst_LIBRARIES += libsteer.a
libsteer_a_SOURCES =
