/* The table of kinds. data/rules/kinds.tsv mirrors it for readers; a test holds the two together. */
#include "phi-private.h"

typedef struct {
  const char *name;
  const char *identifier; /* letter of 45 CFR 164.514(b)(2)(i) */
  gboolean reported_only;
} KindRow;

static const KindRow kinds[CR_PHI_N_KINDS] = {
    [CR_PHI_PATIENT] = {"PATIENT", "A", FALSE},
    [CR_PHI_STAFF] = {"STAFF", "A", FALSE},
    [CR_PHI_RELATIVE] = {"RELATIVE", "A", FALSE},
    [CR_PHI_FACILITY] = {"FACILITY", "B", FALSE},
    [CR_PHI_ORGANIZATION] = {"ORGANIZATION", "R", FALSE},
    [CR_PHI_STREET] = {"STREET", "B", FALSE},
    [CR_PHI_CITY] = {"CITY", "B", FALSE},
    [CR_PHI_COUNTY] = {"COUNTY", "B", FALSE},
    [CR_PHI_ZIP] = {"ZIP", "B", FALSE},
    [CR_PHI_LANDMARK] = {"LANDMARK", "B", FALSE},
    [CR_PHI_STATE] = {"STATE", "B", TRUE},
    [CR_PHI_COUNTRY] = {"COUNTRY", "B", TRUE},
    [CR_PHI_DATE] = {"DATE", "C", FALSE},
    [CR_PHI_YEAR] = {"YEAR", "C", TRUE},
    [CR_PHI_AGE] = {"AGE", "C", TRUE},
    [CR_PHI_AGE90] = {"AGE90", "C", FALSE},
    [CR_PHI_PHONE] = {"PHONE", "D", FALSE},
    [CR_PHI_FAX] = {"FAX", "E", FALSE},
    [CR_PHI_EMAIL] = {"EMAIL", "F", FALSE},
    [CR_PHI_SSN] = {"SSN", "G", FALSE},
    [CR_PHI_MRN] = {"MRN", "H", FALSE},
    [CR_PHI_HEALTHPLAN] = {"HEALTHPLAN", "I", FALSE},
    [CR_PHI_ACCOUNT] = {"ACCOUNT", "J", FALSE},
    [CR_PHI_LICENSE] = {"LICENSE", "K", FALSE},
    [CR_PHI_VEHICLE] = {"VEHICLE", "L", FALSE},
    [CR_PHI_DEVICE] = {"DEVICE", "M", FALSE},
    [CR_PHI_URL] = {"URL", "N", FALSE},
    [CR_PHI_IP] = {"IP", "O", FALSE},
    [CR_PHI_BIOMETRIC] = {"BIOMETRIC", "P", FALSE},
    [CR_PHI_PHOTO] = {"PHOTO", "Q", FALSE},
    [CR_PHI_OTHERID] = {"OTHERID", "R", FALSE},
    [CR_PHI_PROFESSION] = {"PROFESSION", "R", TRUE},
    [CR_PHI_USERNAME] = {"USERNAME", "R", FALSE},
};

const char *
cr_phi_kind_name(CrPhiKind kind)
{
  g_return_val_if_fail((guint)kind < CR_PHI_N_KINDS, NULL);
  return kinds[kind].name;
}

gboolean
cr_phi_kind_parse(const char *name, CrPhiKind *kind)
{
  g_return_val_if_fail(name, FALSE);
  for (guint i = 0; i < CR_PHI_N_KINDS; i++)
    if (strcmp(kinds[i].name, name) == 0) {
      *kind = (CrPhiKind)i;
      return TRUE;
    }
  return FALSE;
}

const char *
cr_phi_kind_identifier(CrPhiKind kind)
{
  g_return_val_if_fail((guint)kind < CR_PHI_N_KINDS, NULL);
  return kinds[kind].identifier;
}

gboolean
cr_phi_kind_is_reported_only(CrPhiKind kind)
{
  g_return_val_if_fail((guint)kind < CR_PHI_N_KINDS, FALSE);
  return kinds[kind].reported_only;
}

void
cr_phi_span_clear(CrPhiSpan *span)
{
  g_clear_pointer(&span->by, g_strfreev);
}
