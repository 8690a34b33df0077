/* deid-patients.c: see deid-patients.h. Maps are seeded by their order of arrival, never by a name. */
#include "cli/deid-patients.h"

enum { MAX_PATIENTS = 4096, MAX_ORIGINALS = 400000 };

typedef struct {
  char *name; /* NULL: of one document */
  CrSurrogates *map;
  guint n_counted; /* originals of it that are in the sum */
  GList link;
} Patient;

struct CrDeidPatients {
  const CrSurrogateTables *tables;
  gint64 seed;
  guint64 n_made, n_originals;
  GHashTable *by_name;
  GQueue recent; /* Patient, the last used first */
  Patient *now;
};

static void
patient_free(gpointer data)
{
  Patient *patient = data;
  if (!patient)
    return;
  g_free(patient->name);
  cr_surrogates_free(patient->map);
  g_free(patient);
}

CrDeidPatients *
cr_deid_patients_new(const CrSurrogateTables *tables, gint64 seed)
{
  CrDeidPatients *p = g_new0(CrDeidPatients, 1);
  p->tables = tables;
  p->seed = seed;
  p->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, patient_free);
  g_queue_init(&p->recent);
  return p;
}

void
cr_deid_patients_free(CrDeidPatients *p)
{
  if (!p)
    return;
  if (p->now && !p->now->name)
    patient_free(p->now);
  g_hash_table_unref(p->by_name);
  g_free(p);
}

/* The n-th map's seed: mixed, so that no two maps draw the same numbers one step apart. */
static guint64
seed_of(const CrDeidPatients *p)
{
  guint64 z = (guint64)p->seed + p->n_made * 0x632BE59BD9B4E019u;
  z = (z ^ (z >> 33)) * 0xFF51AFD7ED558CCDu;
  z = (z ^ (z >> 33)) * 0xC4CEB9FE1A85EC53u;
  return z ^ (z >> 33);
}

static Patient *
new_patient(CrDeidPatients *p, char *name)
{
  Patient *patient = g_new0(Patient, 1);
  p->n_made++;
  patient->name = name;
  patient->map = p->seed < 0 ? cr_surrogates_new(p->tables, NULL, NULL, NULL)
                             : cr_surrogates_new_seeded(p->tables, NULL, seed_of(p));
  patient->link.data = patient;
  if (name) {
    g_hash_table_insert(p->by_name, name, patient);
    g_queue_push_head_link(&p->recent, &patient->link);
  }
  return patient;
}

/* Counts what the last document added, and forgets who was used longest ago where there are too many. */
static void
settle(CrDeidPatients *p)
{
  if (p->now && !p->now->name)
    patient_free(p->now);
  else if (p->now) {
    guint n = cr_surrogates_size(p->now->map);
    p->n_originals += n - p->now->n_counted;
    p->now->n_counted = n;
  }
  p->now = NULL;
  while (p->recent.length > MAX_PATIENTS || (p->n_originals > MAX_ORIGINALS && p->recent.length > 1)) {
    Patient *oldest = p->recent.tail->data;
    g_queue_unlink(&p->recent, &oldest->link);
    p->n_originals -= oldest->n_counted;
    g_hash_table_remove(p->by_name, oldest->name);
  }
}

static char *
name_of(const json_t *doc)
{
  const json_t *patient = json_object_get(json_object_get(doc, "meta"), "patient");
  if (json_is_string(patient))
    return g_strconcat("s:", json_string_value(patient), NULL);
  return json_is_integer(patient) ? g_strdup_printf("i:%" JSON_INTEGER_FORMAT, json_integer_value(patient))
                                  : NULL;
}

CrSurrogates *
cr_deid_patients_for(CrDeidPatients *p, const json_t *doc)
{
  settle(p);
  g_autofree char *name = name_of(doc);
  p->now = name ? g_hash_table_lookup(p->by_name, name) : NULL;
  if (p->now) {
    g_queue_unlink(&p->recent, &p->now->link);
    g_queue_push_head_link(&p->recent, &p->now->link);
  } else {
    p->now = new_patient(p, g_steal_pointer(&name));
  }
  return p->now->map;
}
