# Everything but main is one library, which the program and the tests link.

noinst_LIBRARIES += libforgefold.a
libforgefold_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS) $(CURL_CFLAGS)
libforgefold_a_SOURCES = \
	src/api/aggregate.c \
	src/api/aggregate.h \
	src/api/api.c \
	src/api/api.h \
	src/api/cors.c \
	src/api/cors.h \
	src/api/endpoint.h \
	src/api/media_type.c \
	src/api/media_type.h \
	src/api/question.c \
	src/api/question.h \
	src/api/refusal.c \
	src/api/refusal.h \
	src/api/route.c \
	src/api/route.h \
	src/api/wants.c \
	src/api/wants.h \
	src/base/alloc.c \
	src/base/alloc.h \
	src/base/buffer.c \
	src/base/buffer.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/error.c \
	src/base/error.h \
	src/base/json_scanner.c \
	src/base/json_scanner.h \
	src/base/log.c \
	src/base/log.h \
	src/base/settings.c \
	src/base/settings.h \
	src/base/text.c \
	src/base/text.h \
	src/engine/attempt.c \
	src/engine/attempt.h \
	src/engine/engine.c \
	src/engine/engine.h \
	src/engine/flight.c \
	src/engine/flight.h \
	src/engine/gate.c \
	src/engine/gate.h \
	src/engine/queue.c \
	src/engine/queue.h \
	src/engine/timers.c \
	src/engine/timers.h \
	src/forge/bitbucket.c \
	src/forge/elements.c \
	src/forge/elements.h \
	src/forge/failure.c \
	src/forge/failure.h \
	src/forge/forge.h \
	src/forge/forges.c \
	src/forge/github_rest.c \
	src/forge/member.c \
	src/forge/member.h \
	src/forge/visit.c \
	src/forge/visit.h \
	src/forge/wanted.c \
	src/forge/wanted.h \
	src/gateway/cgi.c \
	src/gateway/cgi.h \
	src/gateway/check.c \
	src/gateway/check.h \
	src/gateway/command.c \
	src/gateway/command.h \
	src/gateway/doors.c \
	src/gateway/doors.h \
	src/gateway/environment.c \
	src/gateway/environment.h \
	src/gateway/fastcgi.c \
	src/gateway/fastcgi.h \
	src/gateway/forge_settings.c \
	src/gateway/forge_settings.h \
	src/gateway/indent.c \
	src/gateway/indent.h \
	src/gateway/probe.c \
	src/gateway/probe.h \
	src/gateway/progress.c \
	src/gateway/progress.h \
	src/gateway/records.c \
	src/gateway/records.h \
	src/gateway/settings_table.c \
	src/gateway/settings_table.h \
	src/gateway/table.c \
	src/gateway/table.h \
	src/http/call.c \
	src/http/call.h \
	src/http/form.c \
	src/http/form.h \
	src/http/headers.c \
	src/http/headers.h \
	src/http/link.c \
	src/http/link.h \
	src/http/reply.c \
	src/http/reply.h \
	src/http/request.c \
	src/http/request.h \
	src/http/url.c \
	src/http/url.h \
	src/profile/asked.c \
	src/profile/asked.h \
	src/profile/counts.c \
	src/profile/counts.h \
	src/profile/language.c \
	src/profile/language.h \
	src/profile/problem.c \
	src/profile/problem.h \
	src/profile/profile.c \
	src/profile/profile.h \
	src/profile/query.c \
	src/profile/query.h \
	src/profile/reason.c \
	src/profile/reason.h \
	src/profile/render.c \
	src/profile/render.h \
	src/profile/repository.c \
	src/profile/repository.h \
	src/profile/resolve.c \
	src/profile/resolve.h \
	src/profile/snapshot.c \
	src/profile/snapshot.h \
	src/profile/tally.c \
	src/profile/tally.h \
	src/upstream/transport.h \
	src/upstream/upstream_curl.c \
	src/upstream/upstream_curl.h

bin_PROGRAMS += forgefold
forgefold_SOURCES = src/main.c
forgefold_LDADD = libforgefold.a $(SANITIZER_OPTIONS) $(FORGEFOLD_LIBS)

# libcurl is not among them: src/upstream/upstream_curl.c loads it when it is first needed.
FORGEFOLD_LIBS = $(JSON_C_LIBS) $(FCGI_LIBS)
