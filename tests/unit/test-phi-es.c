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
         "PATIENT:Ernesto|PATIENT:Rivera Bueno|MRN:368503|ZIP:28016");
  expect("Médico:  Ignacio Navarro Cuéllar NºCol: 28 28 70973.",
         "STAFF:Ignacio Navarro Cuéllar|LICENSE:28 28 70973");
  expect("NASS: 26 37482910 04.\nDomicilio: Calle Losada Martí 23, 5 B..\nLocalidad/ Provincia: Madrid.\n",
         "HEALTHPLAN:26 37482910 04|STREET:Calle Losada Martí 23, 5 B|CITY:Madrid");
  expect("Informe clínico del paciente: Paciente de 70 años de edad, minero jubilado.", "AGE:70");
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
  expect("C/ Eduardo Rivas, 3 2ºA, 28018 Getafe", "STREET:C/ Eduardo Rivas, 3 2ºA|ZIP:28018|CITY:Getafe");
  expect("natural de Casablanca (Marruecos)", "CITY:Casablanca|COUNTRY:Marruecos");
}

static void
test_language(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_phi_detector_new(NULL, "fr", &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_USAGE);
  g_assert_nonnull(strstr(error->message, "en, es"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_autoptr(GError) error = NULL;
  detector = cr_phi_detector_new(NULL, "es", &error);
  g_assert_no_error(error);
  scratch = cr_phi_scratch_new(detector);
  g_test_add_func("/phi-es/header", test_header);
  g_test_add_func("/phi-es/names", test_names);
  g_test_add_func("/phi-es/left-alone", test_left_alone);
  g_test_add_func("/phi-es/dates", test_dates);
  g_test_add_func("/phi-es/numbers", test_numbers);
  g_test_add_func("/phi-es/places", test_places);
  g_test_add_func("/phi-es/language", test_language);
  int status = g_test_run();
  cr_phi_scratch_free(scratch);
  cr_phi_detector_free(detector);
  return status;
}
