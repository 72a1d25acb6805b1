# Unit tests of probers/, one program a module.
check_PROGRAMS += tests/unit/probers/test_check_dns
check_PROGRAMS += tests/unit/probers/test_check_http
check_PROGRAMS += tests/unit/probers/test_check_icmp
check_PROGRAMS += tests/unit/probers/test_check_spec
check_PROGRAMS += tests/unit/probers/test_check_tcp
check_PROGRAMS += tests/unit/probers/test_due
check_PROGRAMS += tests/unit/probers/test_schedule

check_LIBRARIES += libprobertest.a
libprobertest_a_SOURCES = tests/unit/probers/little.c tests/unit/probers/little.h
tests_unit_probers_test_check_dns_LDADD = libprobertest.a $(LDADD)
tests_unit_probers_test_check_http_LDADD = libprobertest.a $(LDADD)
tests_unit_probers_test_check_icmp_LDADD = libprobertest.a $(LDADD)
tests_unit_probers_test_check_tcp_LDADD = libprobertest.a $(LDADD)

check_PROGRAMS += tests/unit/probers/proberd/test_director
check_PROGRAMS += tests/unit/probers/proberd/test_plan
check_PROGRAMS += tests/unit/probers/proberd/test_proberd
tests_unit_probers_proberd_test_plan_LDFLAGS = $(FAIL_ALLOC)
