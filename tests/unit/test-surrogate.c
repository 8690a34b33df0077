/* surrogate: forms, agreement of all mentions, dates, what never comes out. Cases in tests/cases/phi. */
#include "phi/surrogate-private.h"
#include <string.h>

static CrSurrogateTables *tables;

static CrText *
text_of(const char *s)
{
  g_autoptr(GError) error = NULL;
  CrText *text = cr_text_new(s, -1, &error);
  g_assert_no_error(error);
  return text;
}

static void
add_span(GArray *spans, CrPhiKind kind, gsize start, gsize end)
{
  CrPhiSpan span = {.span = {start, end}, .kind = kind, .score = 1};
  g_array_append_val(spans, span);
}

static CrPolicy *
policy_of(const char *name)
{
  g_autoptr(GError) error = NULL;
  CrPolicy *policy = cr_policy_load(NULL, name, &error);
  g_assert_no_error(error);
  return policy;
}

/* The redaction of marked text: [[KIND|words]] is an identifier. */
static CrRedaction *
redact_marked(CrSurrogates *s, const char *policy_name, const char *marked, char **plain)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPolicy) policy = policy_of(policy_name);
  g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
  g_autoptr(GString) text = g_string_new(NULL);
  for (const char *at = marked; *at;) {
    if (!g_str_has_prefix(at, "[[")) {
      g_string_append_c(text, *at++);
      continue;
    }
    const char *bar = strchr(at, '|'), *end = strstr(at, "]]");
    g_autofree char *name = g_strndup(at + 2, (gsize)(bar - at - 2));
    CrPhiKind kind;
    g_assert_true(cr_phi_kind_parse(name, &kind));
    gsize start = text->len;
    g_string_append_len(text, bar + 1, end - bar - 1);
    add_span(spans, kind, start, text->len);
    at = end + 2;
  }
  g_autoptr(CrText) note = text_of(text->str);
  CrRedaction *redaction = cr_phi_redact_with(policy, s, note, spans, &error);
  g_assert_no_error(error);
  if (plain)
    *plain = g_strdup(text->str);
  return redaction;
}

static char *
item_text(const CrRedaction *redaction, guint i)
{
  CrEdit edit = g_array_index(redaction->log, CrRedactionItem, i).edit;
  return cr_span_dup_text(redaction->text, (CrSpan){edit.new_start, edit.new_end});
}

static char *
surrogate_for(CrSurrogates *s, const char *kind, const char *original)
{
  g_autofree char *marked = g_strdup_printf("[[%s|%s]]", kind, original);
  g_autoptr(CrRedaction) redaction = redact_marked(s, "expert", marked, NULL);
  return item_text(redaction, 0);
}

/* ---- the table of forms ---- */

static void
check_shift(char **f)
{
  int days = (int)g_ascii_strtoll(f[1], NULL, 10), year = (int)g_ascii_strtoll(f[2], NULL, 10);
  g_autofree char *moved = surrogate_shift_dates(f[3], strlen(f[3]), days, year);
  g_assert_cmpstr(moved ? moved : "-", ==, f[4]);
}

static void
check_form(char **f)
{
  g_autofree char *pattern = g_strdup_printf("^(?:%s)$", f[3]);
  for (guint64 seed = 0; seed < 40; seed++) {
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, seed);
    g_autofree char *first = surrogate_for(s, f[1], f[2]), *again = surrogate_for(s, f[1], f[2]);
    if (!g_regex_match_simple(pattern, first, 0, 0))
      g_error("%s %s: %s does not match %s", f[1], f[2], first, f[3]);
    g_assert_cmpstr(first, !=, f[2]);
    g_assert_cmpstr(first, ==, again);
  }
}

static void
test_table(void)
{
  g_autofree char *path = g_build_filename(g_getenv("CR_SOURCE"), "tests/cases/phi/surrogates.tsv", NULL),
                  *all = NULL;
  g_autoptr(GError) error = NULL;
  g_file_get_contents(path, &all, NULL, &error);
  g_assert_no_error(error);
  g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
  guint n = 0;
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
    if (!*lines[i] || *lines[i] == '#')
      continue;
    n++;
    if (strcmp(f[0], "shift") == 0)
      check_shift(f);
    else
      check_form(f);
  }
  g_assert_cmpuint(n, >, 75);
}

/* ---- agreement ---- */

/* All forms of one person are one other person. */
static void
test_one_person(void)
{
  static const char note[] = "[[PATIENT|Mary]] came. [[PATIENT|SMITH, MARY]]. Mrs. [[PATIENT|Smith]]'s, "
                             "[[PATIENT|M. Smith]], [[PATIENT|MS]], "
                             "[[PATIENT|Smyth]], [[PATIENT|mary smith]] [[EMAIL|mary.smith@gmail.com]] "
                             "[[USERNAME|msmith]] [[STAFF|Smitth]]";
  for (guint64 seed = 0; seed < 30; seed++) {
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, seed);
    g_autoptr(CrRedaction) r = redact_marked(s, "expert", note, NULL);
    g_autofree char *given = item_text(r, 0), *family = item_text(r, 2);
    g_autofree char *upper = g_utf8_strup(given, -1), *upper_family = g_utf8_strup(family, -1);
    g_autofree char *lower = g_utf8_strdown(given, -1), *lower_family = g_utf8_strdown(family, -1);
    char *wanted[] = {g_strdup(given), g_strdup_printf("%s, %s", upper_family, upper), g_strdup(family),
                      g_strdup_printf("%c. %s", given[0], family),
                      g_strdup_printf("%c%c", given[0], family[0])};
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
      g_autofree char *got = item_text(r, i);
      g_assert_cmpstr(got, ==, wanted[i]);
      g_free(wanted[i]);
    }
    g_autofree char *small = item_text(r, 6), *both = g_strdup_printf("%s %s", lower, lower_family);
    g_assert_cmpstr(small, ==, both);
    g_autofree char *email = item_text(r, 7), *local = g_strdup_printf("%s.%s@", lower, lower_family);
    g_assert_true(g_str_has_prefix(email, local));
    g_autofree char *login = item_text(r, 8), *short_name = g_strdup_printf("%c%s", lower[0], lower_family);
    g_assert_cmpstr(login, ==, short_name);
    g_autofree char *typo = item_text(r, 9);
    g_assert_cmpstr(typo, ==, family);
  }
}

static void
test_numbers_agree(void)
{
  g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, 4);
  g_autofree char *dashes = surrogate_for(s, "SSN", "123-45-6789"),
                  *plain = surrogate_for(s, "SSN", "123456789"), *last = surrogate_for(s, "SSN", "6789");
  g_auto(GStrv) parts = g_strsplit(dashes, "-", -1);
  g_autofree char *joined = g_strjoinv("", parts);
  g_assert_cmpstr(joined, ==, plain);
  g_assert_true(g_str_has_suffix(plain, last));
}

static void
test_gender_and_origin(void)
{
  guint n = 0, n_male = 0, n_vietnamese = 0;
  for (guint64 seed = 0; seed < 60; seed++) {
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, seed);
    g_autofree char *robert = surrogate_for(s, "PATIENT", "Robert"),
                    *nguyen = surrogate_for(s, "PATIENT", "Nguyen");
    g_autofree char *a = surrogate_fold(robert, strlen(robert));
    const SurrogateName *given = surrogate_name_fact(tables, a);
    guint vietnamese = 0;
    while (strcmp(tables->origins->pdata[vietnamese], "vietnamese") != 0)
      vietnamese++;
    n++;
    n_male += given && given->given && given->gender != 'f';
    const GPtrArray *pool = tables->names[SURROGATE_FAMILY][vietnamese].words;
    gboolean listed = FALSE;
    for (guint i = 0; i < pool->len; i++) {
      g_autofree char *plain = g_str_to_ascii(pool->pdata[i], "C");
      listed = listed || strcmp(plain, nguyen) == 0;
    }
    n_vietnamese += listed;
  }
  g_assert_cmpuint(n_male, ==, n);
  g_assert_cmpuint(n_vietnamese, ==, n);
}

/* ---- what never comes out ---- */

static void
test_never_real(void)
{
  g_autoptr(CrRealValues) real = cr_real_values_new();
  for (guint i = 100; i < 190; i++) { /* 90 of the 100 numbers of the exchange */
    g_autofree char *number = g_strdup_printf("5550%u", i);
    cr_real_values_add(real, number, strlen(number));
  }
  cr_real_values_add(real, "Maple", 5);
  for (guint64 seed = 0; seed < 300; seed++) {
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, real, seed);
    g_autofree char *phone = surrogate_for(s, "PHONE", "232-2368"),
                    *street = surrogate_for(s, "STREET", "Elm Street");
    g_assert_true(strcmp(phone, "555-0190") >= 0);
    g_assert_cmpstr(street, !=, "Maple Street");
    g_autofree char *npi = surrogate_for(s, "LICENSE", "1234567893"),
                    *vin = surrogate_for(s, "VEHICLE", "1HGCM82633A004352"),
                    *dea = surrogate_for(s, "LICENSE", "AB1234563");
    g_assert_false(surrogate_is_valid_number(npi));
    g_assert_false(surrogate_is_valid_number(vin));
    g_assert_false(surrogate_is_valid_number(dea));
  }
  g_assert_true(surrogate_is_valid_number("1234567893"));
  g_assert_true(surrogate_is_valid_number("AB1234563"));
  g_assert_true(surrogate_is_valid_number("1HGCM82633A004352"));
  g_assert_true(surrogate_is_valid_number("4111111111111111"));
}

static void
test_dates_of_a_patient(void)
{
  for (guint64 seed = 0; seed < 200; seed++) {
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, seed);
    int offset = cr_surrogates_offset(s);
    g_assert_true(offset != 0 && offset % 7 == 0 && ABS(offset) <= 364);
    g_autofree char *a = surrogate_for(s, "DATE", "03/14/2018"), *b = surrogate_for(s, "DATE", "2018-03-17");
    int m, d, y, m2, d2, y2;
    g_assert_cmpint(sscanf(a, "%d/%d/%d", &m, &d, &y), ==, 3);
    g_assert_cmpint(sscanf(b, "%d-%d-%d", &y2, &m2, &d2), ==, 3);
    g_autoptr(GDate) first = g_date_new_dmy((GDateDay)d, (GDateMonth)m, (GDateYear)y),
                     second = g_date_new_dmy((GDateDay)d2, (GDateMonth)m2, (GDateYear)y2);
    g_assert_cmpint(g_date_days_between(first, second), ==, 3);
    g_assert_cmpint(g_date_get_weekday(first), ==, G_DATE_WEDNESDAY);
  }
  g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, 1);
  g_autofree char *born = NULL;
  g_autoptr(CrRedaction) r = redact_marked(s, "expert", "DOB [[DATE|3/14/1930]]", NULL);
  born = item_text(r, 0);
  g_assert_cmpstr(born, ==, "90+");
}

/* ---- policies ---- */

static void
test_policies(void)
{
  static const char note[] =
      "[[PATIENT|Mary Smith]] [[DATE|3/14/2018]] [[CITY|Boston]] [[STATE|MA]] [[ZIP|02115]] [[AGE90|93]]";
  g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, 1);
  g_autoptr(CrRedaction) safe = redact_marked(s, "safe-harbor", note, NULL),
                         limited = redact_marked(s, "limited", note, NULL),
                         tags = redact_marked(NULL, "expert", note, NULL);
  g_autofree char *safe_text = g_strdup(cr_text_bytes(safe->text));
  g_assert_nonnull(strstr(safe_text, "[DATE 2018]"));
  g_assert_nonnull(strstr(safe_text, "[ZIP 021]"));
  g_assert_nonnull(strstr(safe_text, "90+"));
  g_assert_null(strstr(safe_text, "Boston"));
  g_assert_nonnull(strstr(cr_text_bytes(limited->text), " 3/14/2018 Boston MA 02115 93"));
  g_assert_null(strstr(cr_text_bytes(limited->text), "Mary"));
  g_assert_cmpstr(cr_text_bytes(tags->text), ==, "[PATIENT] [DATE 2018] [CITY] MA [ZIP] 90+");
  g_autoptr(CrPolicy) expert = policy_of("expert"), harbor = policy_of("safe-harbor");
  g_assert_true(cr_policy_replaces(expert));
  g_assert_false(cr_policy_replaces(harbor));
}

/* ---- the vault ---- */

static void
test_restore(void)
{
  static const char note[] = "[[PATIENT|Mary Ann Smith]] [[MRN|00123456]] [[STREET|12 Elm St]] "
                             "[[DATE|3/14/2018]] [[PATIENT|M.A.S.]]";
  g_autoptr(GError) error = NULL;
  g_autoptr(CrSurrogates) before = cr_surrogates_new(tables, NULL, NULL, NULL),
                          after = cr_surrogates_new(tables, NULL, NULL, NULL);
  g_autoptr(CrRedaction) first = redact_marked(before, "expert", note, NULL);
  g_autoptr(json_t) used = cr_surrogates_dup_used(before), bad = json_pack("{s:i}", "offset", 3), none = NULL;
  g_assert_true(cr_surrogates_restore(after, used, &error));
  g_assert_no_error(error);
  g_autoptr(CrRedaction) second = redact_marked(after, "expert", note, NULL);
  g_assert_cmpstr(cr_text_bytes(first->text), ==, cr_text_bytes(second->text));
  cr_surrogates_forget_use(before);
  none = cr_surrogates_dup_used(before);
  g_assert_cmpuint(json_object_size(json_object_get(none, "map")), ==, 0);
  g_assert_false(cr_surrogates_restore(after, bad, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_BAD_JSON);
}

/* ---- property: unmasking gives the note back ---- */

static const char *const pieces[] = {
    "Smith", "é",  "e\xcc\x81", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xe2\x9a\x95\xef\xb8\x8f",
    " ",     "\n", "12",        "3/14/2018",
    "王",    "-",  ",",         "O'",
    "@",     ".",  "ا",         "\xe2\x80\x99s",
    "MARY",  "x",  "\t",        "Dr."};

static void
test_round_trip(void)
{
  for (guint round = 0; round < 3000; round++) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(round);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(CrPhiSpan));
    guint n = 1 + (guint)g_rand_int_range(rand, 0, 40);
    for (guint i = 0; i < n; i++) {
      gsize start = text->len;
      for (gint k = g_rand_int_range(rand, 1, 4); k > 0; k--)
        g_string_append(text, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
      if (g_rand_int_range(rand, 0, 2))
        add_span(spans, (CrPhiKind)g_rand_int_range(rand, 0, CR_PHI_N_KINDS), start, text->len);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(CrPolicy) policy = policy_of("expert");
    g_autoptr(CrText) note = text_of(text->str);
    g_autoptr(CrSurrogates) s = cr_surrogates_new_seeded(tables, NULL, round);
    g_autoptr(CrRedaction) r = cr_phi_redact_with(policy, s, note, spans, &error);
    g_assert_no_error(error);
    g_autoptr(GString) back = g_string_new(NULL);
    gsize at = 0;
    for (guint i = 0; i < r->log->len; i++) {
      CrEdit edit = g_array_index(r->log, CrRedactionItem, i).edit;
      g_string_append_len(back, cr_text_bytes(r->text) + at, (gssize)(edit.new_start - at));
      g_string_append_len(back, text->str + edit.old_start, (gssize)(edit.old_end - edit.old_start));
      at = edit.new_end;
      CrSpan old = cr_offset_map_to_old(r->map, (CrSpan){edit.new_start, edit.new_end}, NULL);
      g_assert_true(old.start == edit.old_start && old.end == edit.old_end);
    }
    g_string_append(back, cr_text_bytes(r->text) + at);
    g_assert_cmpstr(back->str, ==, text->str);
  }
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_test_init(&argc, &argv, NULL);
  tables = cr_surrogate_tables_load(NULL, &error);
  g_assert_no_error(error);
  g_test_add_func("/surrogate/table", test_table);
  g_test_add_func("/surrogate/one-person", test_one_person);
  g_test_add_func("/surrogate/numbers-agree", test_numbers_agree);
  g_test_add_func("/surrogate/gender-and-origin", test_gender_and_origin);
  g_test_add_func("/surrogate/never-real", test_never_real);
  g_test_add_func("/surrogate/dates-of-a-patient", test_dates_of_a_patient);
  g_test_add_func("/surrogate/policies", test_policies);
  g_test_add_func("/surrogate/restore", test_restore);
  g_test_add_func("/surrogate/round-trip", test_round_trip);
  int status = g_test_run();
  cr_surrogate_tables_free(tables);
  return status;
}
