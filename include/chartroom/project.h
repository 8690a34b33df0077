/* project: the stages and the gates. The only way to change a project; command line and desktop hold no rule
 * of their own. This header: opening, members, status, the trail. privacy.h: import to cleared. reading.h:
 * guidelines to approved. release.h: export. Results that screens and scripts show are JSON objects (new
 * references). */
#pragma once
#include <chartroom/error.h>
#include <chartroom/json.h>

G_BEGIN_DECLS

typedef struct CrProject CrProject;

typedef struct {
  const char *template_name; /* of guidelines version 0, or NULL */
  const char *template_dir;  /* NULL: installed */
  guint reviewers;           /* privacy reviewers a note needs: 1 or 2; 0 = 2 */
  const char *metric;        /* that the agreement gates ask for: "token_kappa" (NULL), "span_f1_strict" or
                                "span_f1_partial" */
  double floor;              /* which it must reach, above 0 to 1; 0: 0.70 */
  guint pilot;               /* notes in the pilot batch; 0: 500 */
  const char *purpose, *licence; /* for the dataset card; NULL: not recorded */
  const char *member_name;       /* of the first member, NULL: "lead" */
} CrInitOptions;

/* Makes PATH (must not exist) with stores, keyring, first member (all roles) and the first events. The folder
 * appears in one rename: whole or not at all. *member_code (may be NULL) gets the first member's code. */
CR_EXPORT gboolean cr_project_init(const char *path, const char *passphrase, const CrInitOptions *options,
                                   char **member_code, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Unlocks as a member (NULL: the only one who can be; a name works where... see docs). Repairs the trail
 * after a crash. Errors: NOT_A_PROJECT, PROJECT_LOCKED, NETWORK_FILESYSTEM, NEWER_VERSION, FOREIGN_KEYRING,
 * DAMAGED, STORE_BEHIND, WRONG_PASSPHRASE. */
CR_EXPORT CrProject *cr_project_open(const char *path, const char *member, const char *passphrase,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the signed checkpoint and closes. The project is closed in any case. */
CR_EXPORT gboolean cr_project_close(CrProject *project, GError **error);
CR_EXPORT void cr_project_free(CrProject *project); /* close without a report */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrProject, cr_project_free)
CR_EXPORT const char *cr_project_member(const CrProject *project);

/* Progress of long work; done/all in the unit named by what ("bytes", "notes"). May be called from the
 * working thread. */
typedef void (*CrProgressFunc)(const char *what, guint64 done, guint64 all, gpointer user_data);

/* Members. add returns the new member's code. The acting member must be lead and hold every key that the
 * roles ask for. */
CR_EXPORT char *cr_project_member_add(CrProject *p, const char *name, const char *passphrase,
                                      const char *roles, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT gboolean cr_project_member_roles(CrProject *p, const char *member, const char *roles,
                                           const char *reason, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT gboolean cr_project_member_lock(CrProject *p, const char *member, gboolean locked,
                                          const char *reason, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CR_EXPORT gboolean cr_project_member_remove(CrProject *p, const char *member, const char *reason,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* [{"member","roles","locked","name"}]: name only where the acting member may open names. */
CR_EXPORT json_t *cr_project_member_list(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A gate passed against its rule: lead plus a second member who gives the passphrase, with a reason; on the
 * dataset card for ever. gate: "G1".."G4"; scope: batch name, or NULL for the project. */
CR_EXPORT gboolean cr_project_override(CrProject *p, const char *gate, const char *scope, const char *reason,
                                       const char *second_member, const char *second_passphrase,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a second member agrees, by passphrase; *code gets the member's code. */
CR_EXPORT gboolean cr_project_check_second(CrProject *p, const char *member, const char *passphrase,
                                           char **code, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Crypto-shredding, for ever. note NULL: every original. second: the code of the second member who agreed, or
 * NULL (the certificate then has one signature, and says so). Returns the certificate (security.md R19),
 * which is JSON to be kept elsewhere. Cleared texts stay. */
CR_EXPORT json_t *cr_project_destroy_originals(CrProject *p, const char *note, const char *reason,
                                               const char *second, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The project's keys and databases; its trail stays. Close the project afterwards. */
CR_EXPORT json_t *cr_project_destroy(CrProject *p, const char *reason, const char *second,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"project","states":{…},"waiting":[{"what","who","count"}],"gates":[{"gate","holds":true,"why","opens"}],"batches":[…],"overrides":[…]}
 */
CR_EXPORT json_t *cr_project_status(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The trail needs no open project. verify: {"ok","events","broken_at","what","signed",…,"notes":[…]}. */
CR_EXPORT json_t *cr_project_audit_verify(const char *path, const char *const *anchors,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Every event, oldest first, as
 * {"seq","time","actor","role","session","object","action","old","new","reason","sealed","version"};
 * borrowed. Return FALSE to stop. */
typedef gboolean (*CrTrailFunc)(const json_t *event, gpointer user_data);
CR_EXPORT gboolean cr_project_audit_walk(const char *path, CrTrailFunc func, gpointer user_data,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Signs the trail as it stands and returns the anchor line, to be kept outside the project. transfer full */
CR_EXPORT char *cr_project_audit_anchor(CrProject *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
