noinst_LIBRARIES += libregiond.a
libregiond_a_SOURCES =
