# Everything but main is one library, which the program and the tests link.

noinst_LIBRARIES += libforgefold.a
libforgefold_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(CURL_CFLAGS)
libforgefold_a_SOURCES = \
	src/api/api.h \
	src/base/alloc.c src/base/alloc.h

bin_PROGRAMS += forgefold
forgefold_SOURCES = src/main.c
forgefold_LDADD = libforgefold.a $(FORGEFOLD_LIBS)

# libcurl is not among them: src/upstream/upstream_curl.c loads it when it is first needed.
FORGEFOLD_LIBS = $(JSON_C_LIBS) $(FCGI_LIBS)
