/*
 * Where the certificates are that upstreams and proxies are verified with.
 */
#ifndef FORGEFOLD_UPSTREAM_TRUST_STORE_H
#define FORGEFOLD_UPSTREAM_TRUST_STORE_H

/*
 * Either a folder or a file, never both: with both libcurl reads the file anew for every
 * connection, 30 to 40 ms of processor time each time. Both NULL: the file that libcurl trusts by
 * itself, without a folder. The strings belong to whoever made the choice.
 */
struct trust_store {
    const char *folder; /* one certificate a file, found by OpenSSL under a hash of its subject */
    const char *file;   /* PEM certificates, one behind another */
};

/*
 * `file` (NULL: none is set) before `system_folder` (NULL: there is none), and that only when it
 * holds certificates under their hashes ("002c0b4f.0", as `openssl rehash` names them): a folder
 * without them is there on many systems, and trusts nobody.
 */
struct trust_store trust_store_choose(const char *file, const char *system_folder);

#endif
