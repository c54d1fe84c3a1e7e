#include "config.h"

#include "upstream/transport_check.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "http/url.h"

static bool holds_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == '\x7f')
            return true;
    return false;
}

static bool is_proxy(const char *url)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const size_t length = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], length) == 0)
            return url[length] != '\0' && !holds_control_character(url);
    }
    return false;
}

int transport_check_settings(const struct transport_settings *settings, struct error *error)
{
    if (settings->ca_file != NULL && access(settings->ca_file, R_OK) < 0)
        return error_set(error, ERROR_VALUE, "the certificates in %s cannot be read: %s",
                         settings->ca_file, strerrordesc_np(errno));
    if (settings->proxy != NULL && !is_proxy(settings->proxy))
        return error_set(error, ERROR_VALUE,
                         "the proxy cannot be used: its URL must begin with http://, https://, "
                         "socks5:// or socks5h://, with a host behind it");
    return 0;
}

const char *transport_check_request(const struct transport_request *request)
{
    if (url_check(request->url, NULL) < 0)
        return "the address is not one that can be asked";
    if (request->authorization != NULL && holds_control_character(request->authorization))
        return "the credential holds a control character";
    return NULL;
}
