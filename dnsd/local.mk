noinst_LIBRARIES += libdnsd.a
libdnsd_a_SOURCES = \
	dnsd/packet/dns.h dnsd/packet/hash.h \
	dnsd/packet/name.c dnsd/packet/name.h \
	dnsd/packet/rrset.c dnsd/packet/rrset.h \
	dnsd/packet/query.c dnsd/packet/query.h \
	dnsd/packet/reply.c dnsd/packet/reply.h \
	dnsd/zone/zone.h dnsd/zone/zone_set.h
