# Benchmarks: built by name (make tests/bench/bench_zone), never run by `make check`.
EXTRA_PROGRAMS = tests/bench/bench_zone
EXTRA_PROGRAMS += tests/bench/bench_client
EXTRA_PROGRAMS += tests/bench/bench_history
EXTRA_PROGRAMS += tests/bench/bench_answer
EXTRA_DIST += tests/bench/proxy.sh tests/bench/pair.py tests/bench/dns.py tests/bench/failover.sh
EXTRA_PROGRAMS += tests/bench/bench_publish
EXTRA_PROGRAMS += tests/bench/bench_failover
tests_bench_bench_failover_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=link_send,--wrap=link_close,--wrap=link_drain,--wrap=link_peer,--wrap=link_address,--wrap=link_set_ctx
EXTRA_PROGRAMS += tests/bench/bench_operator
tests_bench_bench_operator_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=http_query,--wrap=http_by,--wrap=http_reply_json,--wrap=http_reply_text,--wrap=http_reply_error
