/* phi in Spanish: what the Spanish rules and lexicon find and leave. */
#include "phi/phi-private.h"
#include <string.h>

static CrPhiDetector *detector;
static CrPhiScratch *scratch;

/* "KIND:words|KIND:words" of what is found. */
static char *
found_in(const char *s)
{
  g_autoptr(CrText) text = cr_text_new(s, -1, NULL);
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, NULL, 0.5);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < found->len; i++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, i);
    g_autofree char *words = cr_span_dup_text(text, span->span);
    g_string_append_printf(out, "%s%s:%s", i ? "|" : "", cr_phi_kind_name(span->kind), words);
  }
  return g_string_free(out, FALSE);
}

static void
expect(const char *s, const char *want)
{
  g_autofree char *got = found_in(s);
  g_assert_cmpstr(got, ==, want);
}

static void
test_header(void)
{
  expect("Nombre:  Ernesto.\nApellidos: Rivera Bueno.\nNHC: 368503.\nCP: 28016.\n",
         "PATIENT:Ernesto|PATIENT:Rivera Bueno|MRN:368503|CITY:28016");
  expect("Médico:  Ignacio Navarro Cuéllar NºCol: 28 28 70973.",
         "STAFF:Ignacio Navarro Cuéllar|LICENSE:28 28 70973");
  expect("NASS: 26 37482910 04.\nDomicilio: Calle Losada Martí 23, 5 B..\nLocalidad/ Provincia: Madrid.\n",
         "HEALTHPLAN:26 37482910 04|STREET:Calle Losada Martí 23, 5 B|CITY:Madrid");
  expect("Informe clínico del paciente: Paciente de 70 años de edad, minero jubilado.",
         "AGE:70|PROFESSION:minero");
}

static void
test_names(void)
{
  expect("Consultó la Dra. María del Carmen de la Torre Ruiz.", "STAFF:María del Carmen de la Torre Ruiz");
  expect("El paciente, D. José Luis Sanz, acude solo.", "PATIENT:José Luis Sanz");
  expect("dr. pérez gil", "STAFF:pérez gil");
  expect("Vive con su esposa Rosa y su hija (Lucía).", "RELATIVE:Rosa|RELATIVE:Lucía");
  expect("GARCIA LOPEZ, ANA MARIA\nmejora", "PATIENT:GARCIA LOPEZ, ANA MARIA");
}

/* Eponyms, drugs and everyday words are nobody. */
static void
test_left_alone(void)
{
  static const char *const harmless[] = {"Enfermedad de Crohn con signo de Murphy negativo.",
                                         "Síndrome de Guillain-Barré; escala de Glasgow 15.",
                                         "Sonda de Foley y contractura de Dupuytren.",
                                         "Doxiciclina 100 mg c/12 horas, vía oral.",
                                         "TA 120/80 mmHg, FC 85 lpm, Tª 36,5 ºC.",
                                         "El hospital de día le atiende en la clínica de heridas.",
                                         "Rosa de Bengala +++; Test de Coombs > 1/1280.",
                                         "Acude los lunes y viernes a diálisis."};
  for (guint i = 0; i < G_N_ELEMENTS(harmless); i++)
    expect(harmless[i], "");
}

static void
test_dates(void)
{
  expect("Nacido el 15/03/2018.", "DATE:15/03/2018");
  expect("Intervenida el 5 de marzo de 2018.", "DATE:5 de marzo de 2018");
  expect("Desde abril de 2017 refiere dolor.", "DATE:abril de 2017");
  expect("Revisión en marzo.", "DATE:marzo");
  expect("Consultó el martes.", "DATE:martes");
  expect("Paciente nonagenaria de 94 años.", "AGE90:nonagenaria|AGE90:94");
}

static void
test_numbers(void)
{
  expect("DNI 12345678Z", "SSN:12345678Z");
  expect("Documento X1234567L", "SSN:X1234567L");
  expect("RUT 12.345.678-5", "SSN:12.345.678-5");
  expect("CUIL 20-12345678-6", "SSN:20-12345678-6");
  expect("Tel.: 91 330 07 50 - Fax: 986421439", "PHONE:91 330 07 50|FAX:986421439");
  expect("historia clínica nº 4455667", "MRN:4455667");
}

static void
test_places(void)
{
  expect("Ingresó en el Hospital Universitario La Paz.", "FACILITY:Hospital Universitario La Paz");
  expect("Trasladado al Hospital 12 de Octubre", "FACILITY:Hospital 12 de Octubre");
  expect("C/ Eduardo Rivas, 3 2ºA, 28018 Getafe", "STREET:C/ Eduardo Rivas, 3 2ºA|CITY:28018|CITY:Getafe");
  expect("natural de Casablanca (Marruecos)", "CITY:Casablanca|COUNTRY:Marruecos");
}

/* A postcode is no US ZIP, of which a policy may leave three digits; who was born in 1930 is over 89. */
static void
test_redaction(void)
{
  g_autoptr(CrPolicy) policy = cr_policy_load(NULL, "safe-harbor", NULL);
  g_autoptr(CrText) text =
      cr_text_new("CP: 02138. Fecha de nacimiento: 03/03/1930. Ingresó el 5 de marzo de 2018.", -1, NULL);
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, NULL, 0.5);
  g_autoptr(CrRedaction) redaction = cr_phi_redact(policy, text, found, NULL);
  g_assert_cmpstr(cr_text_bytes(redaction->text), ==,
                  "CP: [CITY]. Fecha de nacimiento: 90+. Ingresó el [DATE 2018].");
}

static void
test_language(void)
{
  g_assert_cmpstr(cr_phi_language_of("es"), ==, "es");
  g_assert_cmpstr(cr_phi_language_of("ES-mx"), ==, "es");
  g_assert_cmpstr(cr_phi_language_of("est"), ==, "en");
  g_assert_cmpstr(cr_phi_language_of("fr"), ==, "en");
  g_assert_cmpstr(cr_phi_language_of(NULL), ==, "en");
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_phi_detector_new(NULL, "fr", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_USAGE);
  g_assert_nonnull(strstr(error->message, "en, es"));
}

/* ---- the invented notes ---- */

typedef struct {
  guint docs, missed, wrong;
} Counts;

static void
count_note(Counts *counts, json_t *doc)
{
  g_autoptr(CrText) text = cr_text_new(json_string_value(json_object_get(doc, "text")), -1, NULL);
  g_autoptr(GArray) found = cr_phi_detect(detector, scratch, text, NULL, 0.5);
  gsize n = cr_text_length(text, CR_UNIT_BYTE), i;
  g_autofree guint8 *mask = g_malloc0(n + 1);
  json_t *entity;
  json_array_foreach(json_object_get(doc, "entities"), i, entity)
  {
    CrSpan span;
    g_assert_true(cr_span_from_unit(text, CR_UNIT_CODE_POINT,
                                    (gsize)json_integer_value(json_object_get(entity, "start")),
                                    (gsize)json_integer_value(json_object_get(entity, "end")), &span, NULL));
    g_autofree char *words = cr_span_dup_text(text, span);
    g_assert_cmpstr(words, ==, json_string_value(json_object_get(entity, "text")));
    CrPhiKind kind;
    g_assert_true(cr_phi_kind_parse(json_string_value(json_object_get(entity, "label")), &kind));
    memset(mask + span.start, cr_phi_kind_is_reported_only(kind) ? 4 : 1, span.end - span.start);
  }
  for (guint f = 0; f < found->len; f++) {
    const CrPhiSpan *span = &g_array_index(found, CrPhiSpan, f);
    for (gsize b = span->span.start; b < span->span.end; b++)
      mask[b] |= cr_phi_kind_is_reported_only(span->kind) ? 6 : 2;
  }
  for (gsize b = 0; b < n; b++) {
    if (!g_ascii_isalnum(cr_text_bytes(text)[b]))
      continue;
    counts->missed += mask[b] == 1;
    counts->wrong += mask[b] == 2;
    if (mask[b] == 1)
      g_test_message("missed in %s at byte %zu", json_string_value(json_object_get(doc, "id")), b);
  }
  counts->docs++;
}

static void
test_notes(void)
{
  g_autofree char *path = g_build_filename(g_getenv("CR_SOURCE"), "tests/cases/phi/es-notes.jsonl", NULL),
                  *bytes = NULL;
  Counts counts = {0};
  g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (!*lines[i])
      continue;
    g_autoptr(json_t) doc = cr_json_parse(lines[i], strlen(lines[i]), NULL);
    g_assert_nonnull(doc);
    count_note(&counts, doc);
  }
  g_assert_cmpuint(counts.docs, >=, 20);
  g_assert_cmpuint(counts.missed, ==, 0);
  g_assert_cmpuint(counts.wrong, <=, 12);
}

/* ---- the generator's names of Hispanic origin ---- */

typedef struct {
  GPtrArray *names;
  guint origin; /* column */
} NameList;

static gboolean
name_row(char **fields, guint n_fields, guint line, gpointer data, GError **error)
{
  NameList *list = data;
  if (n_fields > list->origin && strcmp(fields[list->origin], "hispanic") == 0)
    g_ptr_array_add(list->names, g_strdup(fields[0]));
  return TRUE;
}

static GPtrArray *
hispanic_names(const char *file, guint origin)
{
  NameList list = {g_ptr_array_new_with_free_func(g_free), origin};
  g_autofree char *path = g_build_filename(g_getenv("CR_SOURCE"), "data/names", file, NULL);
  g_assert_true(phi_table_read(path, name_row, &list, NULL, NULL));
  g_assert_cmpuint(list.names->len, >, 100);
  return list.names;
}

static void
test_origin(void)
{
  static const char *const carriers[] = {"La paciente %s %s acude a consulta por dolor.",
                                         "Se lo explico a %s %s y a su familia.", "Firmado: %s %s, adjunto.",
                                         "%s %s presenta cefalea."};
  g_autoptr(GPtrArray) given = hispanic_names("given.tsv", 2), family = hispanic_names("family.tsv", 1);
  guint n = 0, missed = 0;
  for (guint i = 0; i < family->len; i++) {
    const char *f = family->pdata[i], *g = given->pdata[i % given->len],
               *carrier = carriers[i % G_N_ELEMENTS(carriers)];
    g_auto(GStrv) pieces = g_strsplit(carrier, "%s", 3);
    g_autofree char *s = g_strconcat(pieces[0], g, pieces[1], f, pieces[2], NULL);
    g_autofree char *name = g_strconcat(g, " ", f, NULL), *found = found_in(s);
    n++;
    if (!strstr(found, name)) {
      missed++;
      g_test_message("%s: %s", s, found);
    }
  }
  g_assert_cmpuint(missed * 50, <=, n);
}

/* ---- the scan of what leaves ---- */

static gboolean
is_touched(const GArray *found, CrSpan span)
{
  for (guint i = 0; i < found->len; i++)
    if (cr_span_overlaps(g_array_index(found, CrPhiSpan, i).span, span))
      return TRUE;
  return FALSE;
}

/* Over notes that nobody cleared the scan asks about nearly every identifier. */
static void
test_scan(void)
{
  g_autofree char *path = g_build_filename(g_getenv("CR_SOURCE"), "tests/cases/phi/es-notes.jsonl", NULL),
                  *bytes = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPhiScan) scan = cr_phi_scan_new_for(NULL, "es", &error);
  g_assert_no_error(error);
  g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
  g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
  guint n = 0, missed = 0;
  for (guint l = 0; lines[l]; l++) {
    g_autoptr(json_t) doc = *lines[l] ? cr_json_parse(lines[l], strlen(lines[l]), NULL) : json_object();
    const char *s = json_string_value(json_object_get(doc, "text"));
    g_autoptr(CrText) text = cr_text_new(s ? s : "", -1, NULL);
    g_autoptr(GArray) found = cr_phi_scan_run(scan, text);
    json_t *entity;
    size_t i;
    json_array_foreach(json_object_get(doc, "entities"), i, entity)
    {
      CrSpan span;
      CrPhiKind kind;
      g_assert_true(cr_phi_kind_parse(json_string_value(json_object_get(entity, "label")), &kind));
      g_assert_true(cr_span_from_unit(
          text, CR_UNIT_CODE_POINT, (gsize)json_integer_value(json_object_get(entity, "start")),
          (gsize)json_integer_value(json_object_get(entity, "end")), &span, NULL));
      n += !cr_phi_kind_is_reported_only(kind);
      if (!cr_phi_kind_is_reported_only(kind) && !is_touched(found, span)) {
        missed++;
        g_test_message("%s: %s", json_string_value(json_object_get(doc, "id")),
                       json_string_value(json_object_get(entity, "text")));
      }
    }
  }
  g_test_message("the scan asks about %u of %u identifiers", n - missed, n);
  g_assert_cmpuint(n, >, 250);
  g_assert_cmpuint(missed, <=, n / 25);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_autoptr(GError) error = NULL;
  detector = cr_phi_detector_new(NULL, "es", &error);
  g_assert_no_error(error);
  /* The rules alone: what they find is held here, whatever a trained tagger finds beside them. */
  g_assert_true(cr_phi_detector_use_tagger(detector, NULL, &error));
  scratch = cr_phi_scratch_new(detector);
  g_test_add_func("/phi-es/header", test_header);
  g_test_add_func("/phi-es/names", test_names);
  g_test_add_func("/phi-es/left-alone", test_left_alone);
  g_test_add_func("/phi-es/dates", test_dates);
  g_test_add_func("/phi-es/numbers", test_numbers);
  g_test_add_func("/phi-es/places", test_places);
  g_test_add_func("/phi-es/redaction", test_redaction);
  g_test_add_func("/phi-es/language", test_language);
  g_test_add_func("/phi-es/notes", test_notes);
  g_test_add_func("/phi-es/origin", test_origin);
  g_test_add_func("/phi-es/scan", test_scan);
  int status = g_test_run();
  cr_phi_scratch_free(scratch);
  cr_phi_detector_free(detector);
  return status;
}
