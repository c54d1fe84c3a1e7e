# Fuzz targets. Without --enable-fuzz they replay their corpora in `make check`; with it they are
# libFuzzer programs: fuzz/fuzz_elements DIR, on a copy of fuzz/corpus/elements.

FUZZ_TARGETS = \
	fuzz/fuzz_bitbucket \
	fuzz/fuzz_bundle \
	fuzz/fuzz_elements \
	fuzz/fuzz_github_graphql \
	fuzz/fuzz_github_rest \
	fuzz/fuzz_link \
	fuzz/fuzz_query \
	fuzz/fuzz_repository_list \
	fuzz/fuzz_snapshot_bytes

CPPFLAGS_FUZZ = $(AM_CPPFLAGS) -I$(top_srcdir)/fuzz -I$(top_srcdir)/tests/unit
LDADD_FUZZ = libtesting.a libforgefold.a $(FORGEFOLD_LIBS)

if FUZZ
noinst_PROGRAMS += $(FUZZ_TARGETS)
AM_CFLAGS += -fsanitize=fuzzer-no-link
LDFLAGS_FUZZ = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_ENGINE = fuzz/replay.c
LDFLAGS_FUZZ = $(AM_LDFLAGS)
endif

fuzz_fuzz_bitbucket_SOURCES = fuzz/fuzz_bitbucket.c fuzz/forge_fuzz.c fuzz/forge_fuzz.h $(FUZZ_ENGINE)
fuzz_fuzz_bitbucket_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_bitbucket_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_bitbucket_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_bundle_SOURCES = fuzz/fuzz_bundle.c $(FUZZ_ENGINE)
fuzz_fuzz_bundle_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_bundle_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_bundle_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_elements_SOURCES = fuzz/fuzz_elements.c $(FUZZ_ENGINE)
fuzz_fuzz_elements_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_elements_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_elements_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_github_graphql_SOURCES = fuzz/fuzz_github_graphql.c fuzz/forge_fuzz.c fuzz/forge_fuzz.h $(FUZZ_ENGINE)
fuzz_fuzz_github_graphql_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_github_graphql_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_github_graphql_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_github_rest_SOURCES = fuzz/fuzz_github_rest.c fuzz/forge_fuzz.c fuzz/forge_fuzz.h $(FUZZ_ENGINE)
fuzz_fuzz_github_rest_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_github_rest_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_github_rest_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_link_SOURCES = fuzz/fuzz_link.c $(FUZZ_ENGINE)
fuzz_fuzz_link_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_link_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_link_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_query_SOURCES = fuzz/fuzz_query.c $(FUZZ_ENGINE)
fuzz_fuzz_query_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_query_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_query_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_repository_list_SOURCES = fuzz/fuzz_repository_list.c $(FUZZ_ENGINE)
fuzz_fuzz_repository_list_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_repository_list_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_repository_list_LDADD = $(LDADD_FUZZ)
fuzz_fuzz_snapshot_bytes_SOURCES = fuzz/fuzz_snapshot_bytes.c $(FUZZ_ENGINE)
fuzz_fuzz_snapshot_bytes_CPPFLAGS = $(CPPFLAGS_FUZZ)
fuzz_fuzz_snapshot_bytes_LDFLAGS = $(LDFLAGS_FUZZ)
fuzz_fuzz_snapshot_bytes_LDADD = $(LDADD_FUZZ)

EXTRA_DIST += fuzz/replay_corpora.sh fuzz/replay.c \
	fuzz/corpus/bitbucket/by_next \
	fuzz/corpus/bitbucket/by_number \
	fuzz/corpus/bitbucket/deactivated \
	fuzz/corpus/bitbucket/disagree \
	fuzz/corpus/bitbucket/elsewhere \
	fuzz/corpus/bitbucket/endless \
	fuzz/corpus/bitbucket/enormous \
	fuzz/corpus/bitbucket/list_not_found \
	fuzz/corpus/bitbucket/not_found \
	fuzz/corpus/bitbucket/one_page \
	fuzz/corpus/bitbucket/shorter \
	fuzz/corpus/bitbucket/wrong_members \
	fuzz/corpus/bundle/apart \
	fuzz/corpus/bundle/behind \
	fuzz/corpus/bundle/cut \
	fuzz/corpus/bundle/empty_parts \
	fuzz/corpus/bundle/endless \
	fuzz/corpus/bundle/mixed \
	fuzz/corpus/bundle/no_text \
	fuzz/corpus/bundle/nothing_else \
	fuzz/corpus/bundle/small \
	fuzz/corpus/bundle/snapshot_alone \
	fuzz/corpus/bundle/unknown_place \
	fuzz/corpus/elements/array \
	fuzz/corpus/elements/array_twice \
	fuzz/corpus/elements/control_character \
	fuzz/corpus/elements/deep \
	fuzz/corpus/elements/empty_members \
	fuzz/corpus/elements/envelope \
	fuzz/corpus/elements/github_page \
	fuzz/corpus/elements/in_arrays \
	fuzz/corpus/elements/in_arrays_not_utf8 \
	fuzz/corpus/elements/leading_zero \
	fuzz/corpus/elements/long_name \
	fuzz/corpus/elements/long_string \
	fuzz/corpus/elements/members \
	fuzz/corpus/elements/nested \
	fuzz/corpus/elements/not_utf8 \
	fuzz/corpus/elements/repeated \
	fuzz/corpus/elements/trailing_comma \
	fuzz/corpus/elements/truncated \
	fuzz/corpus/elements/values \
	fuzz/corpus/elements/white_space \
	fuzz/corpus/elements/whole \
	fuzz/corpus/github_graphql/app \
	fuzz/corpus/github_graphql/batch_limited \
	fuzz/corpus/github_graphql/batch_not_found \
	fuzz/corpus/github_graphql/batches_disagree \
	fuzz/corpus/github_graphql/by_rest \
	fuzz/corpus/github_graphql/field_forbidden \
	fuzz/corpus/github_graphql/half \
	fuzz/corpus/github_graphql/halved \
	fuzz/corpus/github_graphql/lighter \
	fuzz/corpus/github_graphql/limit \
	fuzz/corpus/github_graphql/lists_without_end \
	fuzz/corpus/github_graphql/long_lists \
	fuzz/corpus/github_graphql/nobody \
	fuzz/corpus/github_graphql/node_null \
	fuzz/corpus/github_graphql/not_the_schema \
	fuzz/corpus/github_graphql/one_page \
	fuzz/corpus/github_graphql/organization \
	fuzz/corpus/github_graphql/partial \
	fuzz/corpus/github_graphql/refused \
	fuzz/corpus/github_graphql/secondary_limit \
	fuzz/corpus/github_graphql/two_pages \
	fuzz/corpus/github_graphql/wrong_numbers \
	fuzz/corpus/github_rest/endless \
	fuzz/corpus/github_rest/half \
	fuzz/corpus/github_rest/html \
	fuzz/corpus/github_rest/not_found \
	fuzz/corpus/github_rest/one_page \
	fuzz/corpus/github_rest/organization \
	fuzz/corpus/github_rest/page_not_found \
	fuzz/corpus/github_rest/primary_limit \
	fuzz/corpus/github_rest/secondary_limit \
	fuzz/corpus/github_rest/three_pages \
	fuzz/corpus/github_rest/wrong_numbers \
	fuzz/corpus/link/github \
	fuzz/corpus/link/gitlab \
	fuzz/corpus/link/quoted \
	fuzz/corpus/link/ragged \
	fuzz/corpus/query/coded.form \
	fuzz/corpus/query/cut.json \
	fuzz/corpus/query/lines.json \
	fuzz/corpus/query/many.json \
	fuzz/corpus/query/not-utf8.json \
	fuzz/corpus/query/nul-in-name.json \
	fuzz/corpus/query/overridden.json \
	fuzz/corpus/query/refused-username.json \
	fuzz/corpus/query/scalar.json \
	fuzz/corpus/query/several.form \
	fuzz/corpus/query/several.json \
	fuzz/corpus/query/surrogates.json \
	fuzz/corpus/query/twice.json \
	fuzz/corpus/query/unknown.json \
	fuzz/corpus/query/username.form \
	fuzz/corpus/query/username.json \
	fuzz/corpus/query/wrong-types.json \
	fuzz/corpus/repository_list/cut \
	fuzz/corpus/repository_list/empty \
	fuzz/corpus/repository_list/endless \
	fuzz/corpus/repository_list/known \
	fuzz/corpus/repository_list/no_name \
	fuzz/corpus/repository_list/other_version \
	fuzz/corpus/repository_list/out_of_order \
	fuzz/corpus/repository_list/sparse \
	fuzz/corpus/repository_list/unknown_flag \
	fuzz/corpus/repository_list/wrong_figure \
	fuzz/corpus/snapshot_bytes/cut \
	fuzz/corpus/snapshot_bytes/empty \
	fuzz/corpus/snapshot_bytes/endless \
	fuzz/corpus/snapshot_bytes/failed \
	fuzz/corpus/snapshot_bytes/gaps \
	fuzz/corpus/snapshot_bytes/not_found \
	fuzz/corpus/snapshot_bytes/other_version \
	fuzz/corpus/snapshot_bytes/rich \
	fuzz/corpus/snapshot_bytes/same_twice
