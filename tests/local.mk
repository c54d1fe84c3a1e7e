# Unit tests (cmocka), fuzz corpora and the tests of the whole program, all speaking TAP.

TEST_EXTENSIONS = .py .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/unit/tap.sh
PY_LOG_COMPILER = $(PYTHON)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	FORGEFOLD='$(abs_top_builddir)/forgefold$(EXEEXT)'; export FORGEFOLD; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;

# Web servers hide what a sanitizer says, so a sanitized program writes its reports to files.
if SANITIZED
SANITIZER_OPTIONS = libsanitizer.a
noinst_LIBRARIES += libsanitizer.a
libsanitizer_a_SOURCES = tests/support/sanitizer_options.c
libsanitizer_a_CPPFLAGS = $(AM_CPPFLAGS) \
	'-DSANITIZER_REPORTS="$(abs_top_builddir)/reports/forgefold"'
SANITIZER_SYMBOLS = -Wl,-u,__asan_default_options -Wl,-u,__tsan_default_options \
	-Wl,-u,__ubsan_default_options
forgefold_LDFLAGS = $(AM_LDFLAGS) $(SANITIZER_SYMBOLS)
AM_TESTS_ENVIRONMENT += SANITIZED=1; export SANITIZED;
endif

STRUCTURE_TESTS = \
	tests/structure/test_documented.py \
	tests/structure/test_floors.py
FUZZ_TESTS = fuzz/replay_corpora.sh
PROGRAM_TESTS = \
	tests/upstream/selftest.py \
	tests/schema/test_openapi.py \
	tests/schema/test_schema.py \
	tests/integration/test_access.py \
	tests/integration/test_accounts.py \
	tests/integration/test_async.py \
	tests/integration/test_command.py \
	tests/integration/test_command_cache.py \
	tests/integration/test_conditional.py \
	tests/integration/test_detail.py \
	tests/integration/test_docs.py \
	tests/integration/test_graphql.py \
	tests/integration/test_input.py \
	tests/integration/test_leaks.py \
	tests/integration/test_lies.py \
	tests/integration/test_limits.py \
	tests/integration/test_load.py \
	tests/integration/test_metrics.py \
	tests/integration/test_recordings.py \
	tests/integration/test_redis.py \
	tests/integration/test_repositories.py \
	tests/integration/test_settings.py \
	tests/integration/test_slow_store.py \
	tests/integration/test_store.py \
	tests/integration/test_store_damage.py \
	tests/integration/test_store_directory.py \
	tests/integration/test_store_headers.py \
	tests/integration/test_store_outage.py \
	tests/integration/test_store_processes.py \
	tests/integration/test_store_server.py \
	tests/integration/test_store_times.py \
	tests/integration/test_tls.py \
	tests/integration/test_totals.py \
	tests/servers/test_api.py \
	tests/servers/test_browser.py \
	tests/servers/test_fastcgi.py \
	tests/servers/test_servers.py \
	tests/servers/test_systemd.py \
	tests/servers/test_warm.py

# What unit tests and fuzz targets share.
check_LIBRARIES += libtesting.a
libtesting_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
libtesting_a_CFLAGS = $(CFLAGS_UNIT)
libtesting_a_SOURCES = \
	tests/unit/archive_scene.c \
	tests/unit/archive_scene.h \
	tests/unit/engine_scene.c \
	tests/unit/engine_scene.h \
	tests/unit/fake_store.c \
	tests/unit/fake_store.h \
	tests/unit/forge_driver.c \
	tests/unit/forge_driver.h \
	tests/unit/github_world.c \
	tests/unit/github_world.h \
	tests/unit/request_of.c \
	tests/unit/request_of.h \
	tests/unit/scripted_transport.c \
	tests/unit/scripted_transport.h \
	tests/unit/store_place.c \
	tests/unit/store_place.h \
	tests/unit/whole_json.c \
	tests/unit/whole_json.h

if HAVE_CMOCKA
libtesting_a_SOURCES += \
	tests/unit/forge_assert.c \
	tests/unit/forge_assert.h
UNIT_TESTS = \
	tests/unit/test_access \
	tests/unit/test_access_log \
	tests/unit/test_address \
	tests/unit/test_allowed_names \
	tests/unit/test_api \
	tests/unit/test_api_keys \
	tests/unit/test_archive \
	tests/unit/test_attempt \
	tests/unit/test_bitbucket \
	tests/unit/test_budget \
	tests/unit/test_buffer \
	tests/unit/test_bundle \
	tests/unit/test_caching \
	tests/unit/test_client_limits \
	tests/unit/test_command \
	tests/unit/test_command_cache \
	tests/unit/test_counters \
	tests/unit/test_counts \
	tests/unit/test_doors \
	tests/unit/test_elements \
	tests/unit/test_engine \
	tests/unit/test_environment \
	tests/unit/test_errand \
	tests/unit/test_exposition \
	tests/unit/test_flight \
	tests/unit/test_form \
	tests/unit/test_freshness \
	tests/unit/test_github_graphql \
	tests/unit/test_github_rest \
	tests/unit/test_headers \
	tests/unit/test_health \
	tests/unit/test_hot \
	tests/unit/test_identities \
	tests/unit/test_journey \
	tests/unit/test_json_scanner \
	tests/unit/test_ledger \
	tests/unit/test_link \
	tests/unit/test_lookup \
	tests/unit/test_member \
	tests/unit/test_metrics \
	tests/unit/test_pack \
	tests/unit/test_pages \
	tests/unit/test_paging \
	tests/unit/test_plain_origins \
	tests/unit/test_preference \
	tests/unit/test_profile \
	tests/unit/test_query \
	tests/unit/test_queue \
	tests/unit/test_recall \
	tests/unit/test_record \
	tests/unit/test_records \
	tests/unit/test_redis_address \
	tests/unit/test_render \
	tests/unit/test_reply \
	tests/unit/test_repository_list \
	tests/unit/test_response_head \
	tests/unit/test_route \
	tests/unit/test_seat \
	tests/unit/test_settings \
	tests/unit/test_settings_table \
	tests/unit/test_snapshot \
	tests/unit/test_snapshot_bytes \
	tests/unit/test_standing \
	tests/unit/test_store \
	tests/unit/test_store_files \
	tests/unit/test_store_kill \
	tests/unit/test_store_shown \
	tests/unit/test_table \
	tests/unit/test_tally \
	tests/unit/test_text \
	tests/unit/test_timers \
	tests/unit/test_trust_store \
	tests/unit/test_turn \
	tests/unit/test_upstream_curl \
	tests/unit/test_upstream_fork \
	tests/unit/test_url \
	tests/unit/test_view \
	tests/unit/test_visit \
	tests/unit/test_warm \
	tests/unit/test_warm_list
endif

check_PROGRAMS += $(UNIT_TESTS)

# What test_redis.py makes use a store.
check_PROGRAMS += tests/support/store_driver
tests_support_store_driver_LDADD = libforgefold.a $(FORGEFOLD_LIBS)

CPPFLAGS_UNIT = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
CFLAGS_UNIT = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
LDADD_UNIT = libtesting.a libforgefold.a $(CMOCKA_LIBS) $(FORGEFOLD_LIBS)

# From the ground up: what fails first is the cause.
TESTS += $(STRUCTURE_TESTS) $(UNIT_TESTS) $(FUZZ_TESTS) $(PROGRAM_TESTS)

tests_unit_test_access_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_access_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_access_LDADD = $(LDADD_UNIT)
tests_unit_test_access_log_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_access_log_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_access_log_LDADD = $(LDADD_UNIT)
tests_unit_test_address_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_address_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_address_LDADD = $(LDADD_UNIT)
tests_unit_test_allowed_names_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_allowed_names_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_allowed_names_LDADD = $(LDADD_UNIT)
tests_unit_test_api_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_api_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_api_LDADD = $(LDADD_UNIT)
tests_unit_test_api_keys_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_api_keys_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_api_keys_LDADD = $(LDADD_UNIT)
tests_unit_test_attempt_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_attempt_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_attempt_LDADD = $(LDADD_UNIT)
tests_unit_test_bitbucket_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_bitbucket_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_bitbucket_LDADD = $(LDADD_UNIT)
tests_unit_test_budget_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_budget_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_budget_LDADD = $(LDADD_UNIT)
tests_unit_test_client_limits_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_client_limits_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_client_limits_LDADD = $(LDADD_UNIT)
tests_unit_test_command_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_command_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_command_LDADD = $(LDADD_UNIT)
tests_unit_test_command_cache_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_command_cache_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_command_cache_LDADD = $(LDADD_UNIT)
tests_unit_test_counts_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_counts_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_counts_LDADD = $(LDADD_UNIT)
tests_unit_test_elements_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_elements_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_elements_LDADD = $(LDADD_UNIT)
tests_unit_test_doors_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_doors_CFLAGS = $(CFLAGS_UNIT)
# The test is asked for connections and threads.
tests_unit_test_doors_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=accept4 -Wl,--wrap=pthread_create \
	-Wl,--wrap=log_line
tests_unit_test_doors_LDADD = $(LDADD_UNIT)
tests_unit_test_engine_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_engine_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_engine_LDADD = $(LDADD_UNIT)
tests_unit_test_environment_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_environment_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_environment_LDADD = $(LDADD_UNIT)
tests_unit_test_flight_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_flight_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_flight_LDADD = $(LDADD_UNIT)
tests_unit_test_form_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_form_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_form_LDADD = $(LDADD_UNIT)
tests_unit_test_github_graphql_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_github_graphql_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_github_graphql_LDADD = $(LDADD_UNIT)
tests_unit_test_github_rest_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_github_rest_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_github_rest_LDADD = $(LDADD_UNIT)
tests_unit_test_headers_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_headers_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_headers_LDADD = $(LDADD_UNIT)
tests_unit_test_json_scanner_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_json_scanner_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_json_scanner_LDADD = $(LDADD_UNIT)
tests_unit_test_link_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_link_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_link_LDADD = $(LDADD_UNIT)
tests_unit_test_member_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_member_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_member_LDADD = $(LDADD_UNIT)
tests_unit_test_pack_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_pack_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_pack_LDADD = $(LDADD_UNIT)
tests_unit_test_pages_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_pages_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_pages_LDADD = $(LDADD_UNIT)
tests_unit_test_plain_origins_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_plain_origins_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_plain_origins_LDADD = $(LDADD_UNIT)
tests_unit_test_profile_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_profile_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_profile_LDADD = $(LDADD_UNIT)
tests_unit_test_query_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_query_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_query_LDADD = $(LDADD_UNIT)
tests_unit_test_queue_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_queue_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_queue_LDADD = $(LDADD_UNIT)
tests_unit_test_recall_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_recall_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_recall_LDADD = $(LDADD_UNIT)
tests_unit_test_records_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_records_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_records_LDADD = $(LDADD_UNIT)
tests_unit_test_redis_address_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_redis_address_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_redis_address_LDADD = $(LDADD_UNIT)
tests_unit_test_render_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_render_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_render_LDADD = $(LDADD_UNIT)
tests_unit_test_reply_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_reply_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_reply_LDADD = $(LDADD_UNIT)
tests_unit_test_response_head_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_response_head_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_response_head_LDADD = $(LDADD_UNIT)
tests_unit_test_route_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_route_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_route_LDADD = $(LDADD_UNIT)
tests_unit_test_seat_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_seat_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_seat_LDADD = $(LDADD_UNIT)
tests_unit_test_settings_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_settings_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_settings_LDADD = $(LDADD_UNIT)
tests_unit_test_settings_table_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_settings_table_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_settings_table_LDADD = $(LDADD_UNIT)
tests_unit_test_snapshot_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_snapshot_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_snapshot_LDADD = $(LDADD_UNIT)
tests_unit_test_snapshot_bytes_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_snapshot_bytes_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_snapshot_bytes_LDADD = $(LDADD_UNIT)
tests_unit_test_store_shown_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_store_shown_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_store_shown_LDADD = $(LDADD_UNIT)
tests_unit_test_table_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_table_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_table_LDADD = $(LDADD_UNIT)
tests_unit_test_tally_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_tally_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_tally_LDADD = $(LDADD_UNIT)
tests_unit_test_timers_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_timers_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_timers_LDADD = $(LDADD_UNIT)
tests_unit_test_trust_store_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_trust_store_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_trust_store_LDADD = $(LDADD_UNIT)
tests_unit_test_upstream_curl_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_upstream_curl_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_upstream_curl_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_thread_us -Wl,--wrap=sched_yield
tests_unit_test_upstream_curl_LDADD = $(LDADD_UNIT)
tests_unit_test_upstream_fork_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_upstream_fork_CFLAGS = $(CFLAGS_UNIT)
# libcurl, which is loaded, is to find the test's getaddrinfo.
tests_unit_test_upstream_fork_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
tests_unit_test_upstream_fork_LDADD = $(LDADD_UNIT)
tests_unit_test_url_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_url_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_url_LDADD = $(LDADD_UNIT)
tests_unit_test_visit_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_visit_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_visit_LDADD = $(LDADD_UNIT)
tests_unit_test_warm_list_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_warm_list_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_warm_list_LDADD = $(LDADD_UNIT)

tests_unit_test_counters_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_counters_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_counters_LDADD = $(LDADD_UNIT)
tests_unit_test_exposition_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_exposition_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_exposition_LDADD = $(LDADD_UNIT)
tests_unit_test_health_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_health_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_health_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms
tests_unit_test_health_LDADD = $(LDADD_UNIT)
tests_unit_test_ledger_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_ledger_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_ledger_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms -Wl,--wrap=clock_wall
tests_unit_test_ledger_LDADD = $(LDADD_UNIT)
tests_unit_test_metrics_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_metrics_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_metrics_LDADD = $(LDADD_UNIT)

tests_unit_test_identities_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_identities_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_identities_LDADD = $(LDADD_UNIT)

tests_unit_test_view_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_view_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_view_LDADD = $(LDADD_UNIT)

tests_unit_test_preference_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_preference_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_preference_LDADD = $(LDADD_UNIT)

tests_unit_test_archive_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_archive_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_archive_LDADD = $(LDADD_UNIT)
tests_unit_test_caching_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_caching_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_caching_LDADD = $(LDADD_UNIT)
tests_unit_test_errand_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_errand_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_errand_LDADD = $(LDADD_UNIT)
tests_unit_test_freshness_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_freshness_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_freshness_LDADD = $(LDADD_UNIT)
tests_unit_test_hot_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_hot_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_hot_LDADD = $(LDADD_UNIT)
tests_unit_test_journey_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_journey_CFLAGS = $(CFLAGS_UNIT)
# The test is asked for the time.
tests_unit_test_journey_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms -Wl,--wrap=clock_wall \
	-Wl,--wrap=clock_thread_us -Wl,--wrap=sched_yield
tests_unit_test_journey_LDADD = $(LDADD_UNIT)
tests_unit_test_lookup_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_lookup_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_lookup_LDADD = $(LDADD_UNIT)
tests_unit_test_record_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_record_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_record_LDADD = $(LDADD_UNIT)
tests_unit_test_standing_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_standing_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_standing_LDADD = $(LDADD_UNIT)
tests_unit_test_store_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_store_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_store_LDADD = $(LDADD_UNIT)
tests_unit_test_store_files_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_store_files_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_store_files_LDADD = $(LDADD_UNIT)
tests_unit_test_store_kill_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_store_kill_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_store_kill_LDADD = $(LDADD_UNIT)
tests_unit_test_warm_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_warm_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_warm_LDADD = $(LDADD_UNIT)

tests_unit_test_paging_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_paging_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_paging_LDADD = $(LDADD_UNIT)

tests_unit_test_repository_list_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_repository_list_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_repository_list_LDADD = $(LDADD_UNIT)

tests_unit_test_text_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_text_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_text_LDADD = $(LDADD_UNIT)

tests_unit_test_bundle_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_bundle_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_bundle_LDADD = $(LDADD_UNIT)

tests_unit_test_buffer_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_buffer_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_buffer_LDADD = $(LDADD_UNIT)

tests_unit_test_turn_CPPFLAGS = $(CPPFLAGS_UNIT)
tests_unit_test_turn_CFLAGS = $(CFLAGS_UNIT)
tests_unit_test_turn_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_thread_us -Wl,--wrap=sched_yield
tests_unit_test_turn_LDADD = $(LDADD_UNIT)

EXTRA_DIST += \
	$(STRUCTURE_TESTS) \
	$(PROGRAM_TESTS) \
	tests/support/sanitizer_options.c \
	tests/unit/tap.sh \
	tests/unit/upstream_peer.py \
	tests/harness/__init__.py \
	tests/harness/browser.py \
	tests/harness/contract.py \
	tests/harness/described.py \
	tests/harness/fastcgi_client.py \
	tests/harness/http_client.py \
	tests/harness/paths.py \
	tests/harness/pretended.py \
	tests/harness/processes.py \
	tests/harness/redis.py \
	tests/harness/servers.py \
	tests/harness/tap.py \
	tests/harness/tls.py \
	tests/harness/upstream.py \
	tests/integration/store_support.py \
	tests/integration/support.py \
	tests/schema/descriptions.py \
	tests/schema/lint_document.cjs \
	tests/schema/packages.py \
	tests/schema/selections.py \
	tests/schema/validate_queries.cjs \
	tests/upstream/README.md \
	tests/upstream/accounts.py \
	tests/upstream/application.py \
	tests/upstream/bitbucket.py \
	tests/upstream/bodies.py \
	tests/upstream/control.py \
	tests/upstream/counters.py \
	tests/upstream/expected.py \
	tests/upstream/fields.py \
	tests/upstream/forge.py \
	tests/upstream/github.py \
	tests/upstream/github_graphql.py \
	tests/upstream/graphql_execution.py \
	tests/upstream/graphql_language.py \
	tests/upstream/graphql_lies.py \
	tests/upstream/graphql_schema.py \
	tests/upstream/graphql_validation.py \
	tests/upstream/lies.py \
	tests/upstream/quotas.py \
	tests/upstream/recorded_totals.py \
	tests/upstream/recordings.py \
	tests/upstream/selftest_graphql.py \
	tests/upstream/selftest_support.py \
	tests/upstream/server.py \
	tests/upstream/simulator.py \
	tests/upstream/warming.py \
	tests/upstream/wellknown.py \
	tests/upstream/world.py

# What the schema tests install to check against.
clean-local:
	rm -rf schema-cache
