/* SPDX-License-Identifier: Apache-2.0 */
/* profile: which daemon to ask when the command line does not say: the environment, then a file.
 *
 *   1. the command line   -s SOCKET, or -H HOST:PORT with --cert, --key and --ca
 *   2. the environment    FAIRLEAD_SOCKET, FAIRLEAD_HOST, FAIRLEAD_CERT, FAIRLEAD_KEY, FAIRLEAD_CA
 *   3. the file           $XDG_CONFIG_HOME/fairlead.yaml, else ~/.config/fairlead.yaml:
 *
 *          host: ns1.example.net:7443
 *          cert: alice.crt               # a relative path counts from the file's folder
 *          key: alice.key
 *          ca: ca.crt
 *
 * The first of them that names a socket or a host says which daemon; the files of the certificate
 * are taken one by one, each from the first that names it.
 *
 * Threads    one owner
 * Ownership  what profile_fill() puts into the target lives until profile_free()
 * Errors     a file that is there and cannot be read, or says something else: "input", with
 *            FILE:LINE:COL and the caret; a missing file is no error
 */
#ifndef FAIRLEAD_CTL_PROFILE_H
#define FAIRLEAD_CTL_PROFILE_H

#include "ctl/call.h"

typedef char *(*profile_env_fn)(const char *name); /* getenv(3), or a test's */

struct profile;

/* Fills what the target lacks. *out is NULL when nothing had to be kept. */
enum outcome profile_fill(struct profile **out, profile_env_fn env, struct call_target *target,
			  struct failure *f);
void profile_free(struct profile *p);

#endif
