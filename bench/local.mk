# Benchmarks: built on request, never by default.

EXTRA_PROGRAMS += bench/store_scale
bench_store_scale_SOURCES = bench/store_scale.c
bench_store_scale_LDADD = libforgefold.a $(FORGEFOLD_LIBS)
EXTRA_DIST += bench/README.md
