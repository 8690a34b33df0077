/* override.c: a gate passed against its rule, by the lead and a second member, with a reason; kept for ever.
 */
#include "store/review.h"
#include "workflow/workflow-private.h"

#include <string.h>

/* G1 lets unreviewed identifiers out: one of the two must be a privacy reviewer. */
static const struct {
  const char *gate;
  guint one_of_them;
} gates[] = {{"G1", CR_ROLE_PRIVACY}, {"G2", 0}, {"G3", 0}, {"G4", 0}};

static gboolean
gate_rule(const char *gate, guint *one_of_them, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(gates); i++)
    if (g_strcmp0(gates[i].gate, gate) == 0) {
      *one_of_them = gates[i].one_of_them;
      return TRUE;
    }
  g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "there is no such gate; the gates are G1, G2, G3 and G4");
  return FALSE;
}

static gboolean
check_roles(CrProject *p, const char *code, guint one_of_them, GError **error)
{
  if (!one_of_them || ((p->roles | cr_keyring_roles(p->keyring, code)) & one_of_them))
    return TRUE;
  g_set_error(error, CR_ERROR, CR_ERROR_NOT_PERMITTED, "one of the two must hold the role privacy");
  return FALSE;
}

gboolean
cr_project_override(CrProject *p, const char *gate, const char *scope, const char *reason,
                    const char *second_member, const char *second_passphrase, GError **error)
{
  guint one_of_them = 0;
  if (!cr_project_require(p, CR_ROLE_LEAD, "an override", error) || !gate_rule(gate, &one_of_them, error))
    return FALSE;
  if (!reason || strlen(reason) < 10) {
    g_set_error(error, CR_ERROR, CR_ERROR_USAGE, "an override needs a reason in words");
    return FALSE;
  }
  g_autofree char *code = NULL;
  if (!cr_project_check_second(p, second_member, second_passphrase, &code, error) ||
      !check_roles(p, code, one_of_them, error) || !cr_tx_begin(p, error))
    return FALSE;
  CrOverrideRow row = {gate, scope, reason, cr_project_member(p), code, p->env->now_us(p->env)};
  g_autofree char *object =
      scope ? g_strdup_printf("gate:%s:%s", gate, scope) : g_strdup_printf("gate:%s", gate);
  cr_tx_event(p, CR_ROLE_LEAD, "gate.overridden", object, NULL, code, reason);
  if (cr_override_put(p->work, &row, error) && cr_tx_commit(p, error))
    return TRUE;
  cr_tx_rollback(p);
  return FALSE;
}

gboolean
cr_gate_overridden(CrProject *p, const char *gate, const char *scope)
{
  return cr_override_exists(p->work, gate, scope, NULL);
}
