noinst_LIBRARIES += libdnsd.a
libdnsd_a_SOURCES =
