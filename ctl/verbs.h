/* SPDX-License-Identifier: Apache-2.0 */
/* verbs: what the CLI can do, one function a verb; verb_NAME.c or that of its family has it.
 *
 * Threads    one
 * Errors     an outcome; whatever is not DONE has its words in cli->failure, and nobody has printed
 *            them yet
 */
#ifndef FAIRLEAD_CTL_VERBS_H
#define FAIRLEAD_CTL_VERBS_H

#include "ctl/cli.h"
#include "schema/config/config.h"

/* All of them, in the order of --help. */
const struct verb *verbs_all(size_t *n);
/* The verb that these words begin with; *used = how many of them are its name. NULL with the reason
 * in *p: unknown (with the nearest), incomplete ("override" alone), or of a later version. */
const struct verb *verbs_find(int n, char *const *words, int *used, struct failure *p);

/* verb_status.c */
enum outcome verb_status(struct cli *cli);
/* verb_list.c */
enum outcome verb_regions(struct cli *cli);
enum outcome verb_services(struct cli *cli);
enum outcome verb_members(struct cli *cli);
enum outcome verb_backends(struct cli *cli);
/* verb_explain.c */
enum outcome verb_explain(struct cli *cli);
/* verb_drain.c */
enum outcome verb_drain(struct cli *cli);
enum outcome verb_undrain(struct cli *cli);
enum outcome verb_dial(struct cli *cli);
/* verb_failover.c */
enum outcome verb_failover(struct cli *cli);
enum outcome verb_failback(struct cli *cli);
/* verb_override.c */
enum outcome verb_override_list(struct cli *cli);
enum outcome verb_override_clear(struct cli *cli);
enum outcome verb_resume(struct cli *cli);
enum outcome verb_forget(struct cli *cli);
/* verb_history.c */
enum outcome verb_events(struct cli *cli);
enum outcome verb_audit(struct cli *cli);
/* verb_config.c */
enum outcome verb_config_check(struct cli *cli);
enum outcome verb_config_reload(struct cli *cli);
enum outcome verb_config_show(struct cli *cli);
enum outcome verb_config_schema(struct cli *cli);
enum outcome verb_config_reference(struct cli *cli);
/* verb_backup.c */
enum outcome verb_backup(struct cli *cli);
enum outcome verb_restore(struct cli *cli);
/* verb_cert.c */
enum outcome verb_cert_init(struct cli *cli);
enum outcome verb_cert_issue(struct cli *cli);
enum outcome verb_cert_list(struct cli *cli);
enum outcome verb_cert_renew(struct cli *cli);

/* verb_prober.c */
enum outcome verb_status_prober(struct cli *cli, const json_t *status);

/* Tables that `status` shows too. */
enum outcome verb_list_regions(struct cli *cli, const json_t *regions);
enum outcome verb_list_services(struct cli *cli, const json_t *services);
enum outcome verb_list_overrides(struct cli *cli, const json_t *overrides);

#endif
