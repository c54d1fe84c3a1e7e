# Pages for people at /docs/, which are part of the program, and the viewer, which is not.

EXTRA_DIST += \
	docs/docs.css \
	docs/index.html \
	docs/problems.html \
	docs/reference.html \
	docs/viewer.js \
	src/api/openapi.json

src/api/libforgefold_a-openapi.$(OBJEXT): src/api/openapi.json
src/api/libforgefold_a-docs.$(OBJEXT): docs/docs.css docs/index.html docs/problems.html \
	docs/reference.html docs/viewer.js

# script/docs fetches the viewer, if anybody wants it.
viewerdir = $(pkgdatadir)/docs
VIEWER_FETCHED = $(top_srcdir)/build/docs
VIEWER_FILES = LICENSE NOTICE swagger-ui-bundle.js swagger-ui.css

install-data-local:
	@test -d '$(VIEWER_FETCHED)' || exit 0; \
	$(MKDIR_P) '$(DESTDIR)$(viewerdir)' || exit 1; \
	for file in $(VIEWER_FILES); do \
	  echo " $(INSTALL_DATA) $(VIEWER_FETCHED)/$$file '$(DESTDIR)$(viewerdir)'"; \
	  $(INSTALL_DATA) "$(VIEWER_FETCHED)/$$file" '$(DESTDIR)$(viewerdir)' || exit 1; \
	done

uninstall-local:
	@test -d '$(DESTDIR)$(viewerdir)' || exit 0; \
	cd '$(DESTDIR)$(viewerdir)' && rm -f $(VIEWER_FILES); \
	rmdir '$(DESTDIR)$(viewerdir)' '$(DESTDIR)$(pkgdatadir)' 2>/dev/null || :
