# Benchmarks: built on request (make bench-programs), never by default.

EXTRA_PROGRAMS += bench/store_scale
bench_store_scale_SOURCES = bench/store_scale.c
bench_store_scale_LDADD = libforgefold.a $(FORGEFOLD_LIBS)

# Limits to measure against: the least that can be done. They share nothing with the program but
# the compiler's options.

EXTRA_PROGRAMS += bench/limits/bare_responder
bench_limits_bare_responder_SOURCES = bench/limits/bare_responder.c
bench_limits_bare_responder_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
bench_limits_bare_responder_LDADD = $(FCGI_LIBS)

# Linked as the program is, unused libraries included.
EXTRA_PROGRAMS += bench/limits/bare_cgi
bench_limits_bare_cgi_SOURCES = bench/limits/bare_cgi.c
bench_limits_bare_cgi_LDFLAGS = $(AM_LDFLAGS) -Wl,--no-as-needed
bench_limits_bare_cgi_LDADD = $(FORGEFOLD_LIBS)

# Not a limit: it answers both the program and the fetcher.
EXTRA_PROGRAMS += bench/replayer
bench_replayer_SOURCES = bench/replayer.c

EXTRA_PROGRAMS += bench/limits/bare_fetcher
bench_limits_bare_fetcher_SOURCES = bench/limits/bare_fetcher.c
bench_limits_bare_fetcher_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
bench_limits_bare_fetcher_LDADD = $(CURL_LIBS) $(JSON_C_LIBS)

EXTRA_PROGRAMS += bench/start_cost
bench_start_cost_SOURCES = bench/start_cost.c

benchmarks = forgefold bench/replayer bench/store_scale bench/start_cost \
	bench/limits/bare_responder bench/limits/bare_cgi bench/limits/bare_fetcher

.PHONY: bench-programs
bench-programs: $(benchmarks)

EXTRA_DIST += \
	script/bench \
	bench/README.md \
	bench/load.lua \
	bench/load.py \
	bench/rows.py \
	bench/run.py \
	bench/suite_cgi.py \
	bench/suite_cold.py \
	bench/suite_cpu.py \
	bench/suite_memory.py \
	bench/suite_mixed.py \
	bench/suite_scale.py \
	bench/suite_storm.py \
	bench/suite_warm.py \
	bench/visits.py \
	bench/warm_sites.py \
	bench/world.py
