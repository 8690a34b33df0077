/* attack: what the two attackers see in notes of which the truth is known. */
#include <chartroom/attack.h>
#include <string.h>

static CrText *
text_of(const char *s)
{
  g_autoptr(GError) error = NULL;
  CrText *text = cr_text_new(s, -1, &error);
  g_assert_no_error(error);
  return text;
}

static GArray *
spans_of(const char *s, const char *const *words)
{
  GArray *spans = g_array_new(FALSE, FALSE, sizeof(CrSpan));
  for (guint i = 0; words && words[i]; i++) {
    const char *at = strstr(s, words[i]);
    g_assert_nonnull(at);
    CrSpan span = {(gsize)(at - s), (gsize)(at - s) + strlen(words[i])};
    g_array_append_val(spans, span);
  }
  return spans;
}

static void
add(CrHiding *h, const char *person, const char *s, const char *const *surrogates, const char *const *leaks)
{
  g_autoptr(CrText) text = text_of(s);
  g_autoptr(GArray) a = spans_of(s, surrogates), b = spans_of(s, leaks);
  cr_hiding_add(h, text, person, a, b);
}

static const CrHidingGuess *
guess_at(const GArray *guesses, guint document, const char *words)
{
  for (guint i = 0; i < guesses->len; i++) {
    const CrHidingGuess *g = &g_array_index(guesses, CrHidingGuess, i);
    if (g->document == document && g_str_equal(g->words, words))
      return g;
  }
  g_assert_not_reached();
}

static guint
rule_bit(const char *name)
{
  const CrHidingRule *rule;
  for (guint i = 0; (rule = cr_hiding_rule(i)); i++)
    if (g_str_equal(rule->name, name))
      return 1u << i;
  g_assert_not_reached();
}

static void
test_rules(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrHiding) h = cr_hiding_new(NULL, "en", &error);
  g_assert_no_error(error);
  add(h, NULL,
      "Seen by Dr. Zzyrkowt on 03/04/2019, 03/09/2019 and 03/12/2019; born 06/01/2020 it says. The qwoplint "
      "Vrabnog came.",
      (const char *const[]){"03/04/2019", "03/09/2019", "03/12/2019", NULL},
      (const char *const[]){"Zzyrkowt", "06/01/2020", "Vrabnog", NULL});
  for (guint i = 0; i < 3; i++)
    add(h, NULL, "Dr. Maria Lopez wrote to Dr. Anna Smith.", (const char *const[]){"Anna Smith", NULL},
        (const char *const[]){"Maria Lopez", NULL});
  for (guint i = 0; i < 3; i++) /* three notes of one patient repeat what was drawn for it */
    add(h, "P1", "Dr. Carlos Ortega wrote.", (const char *const[]){"Carlos Ortega", NULL}, NULL);
  const GArray *guesses = cr_hiding_finish(h);
  const CrHidingGuess *g = guess_at(guesses, 0, "Zzyrkowt");
  g_assert_cmpint(g->truth, ==, CR_HIDING_LEAK);
  g_assert_cmpint(g->group, ==, CR_HIDING_NAME);
  g_assert_cmpuint(g->rules, ==, rule_bit("unlisted")); /* "Dr." shows it to the detector */
  g = guess_at(guesses, 0, "Vrabnog");
  g_assert_cmpuint(g->leak, ==, 2);
  g_assert_cmpuint(g->rules, ==, rule_bit("unlisted") | rule_bit("overlooked"));
  g = guess_at(guesses, 0, "06/01/2020");
  g_assert_cmpuint(g->rules, ==, rule_bit("out-of-step"));
  g = guess_at(guesses, 0, "03/09/2019");
  g_assert_cmpint(g->truth, ==, CR_HIDING_SURROGATE);
  g_assert_cmpuint(g->rules, ==, 0);
  g = guess_at(guesses, 2, "Maria Lopez");
  g_assert_cmpuint(g->rules, ==, rule_bit("repeated"));
  g = guess_at(guesses, 6, "Carlos Ortega");
  g_assert_cmpuint(g->rules, ==, 0);
}

static char *
value_of(CrQuasi *q, const char *s, const json_t *meta, const char *key)
{
  g_autoptr(CrText) text = text_of(s);
  g_autoptr(GPtrArray) values = cr_quasi_read(q, text, meta);
  const char *const *keys = cr_quasi_keys(q);
  for (guint i = 0; keys[i]; i++)
    if (g_str_equal(keys[i], key))
      return g_strdup(values->pdata[i]);
  g_assert_not_reached();
}

static void
test_quasi(void)
{
  static const struct {
    const char *text, *key, *value;
  } rows[] = {
      {"A 71-year-old man fell. He is well.", "age", "71"},
      {"A 71-year-old man fell. He is well.", "sex", "male"},
      {"67 y/o female with her sister; he came too. She left.", "sex", "female"},
      {"Pt is 34yo", "age", "34"},
      {"Age: 9. Well.", "age", "9"},
      {"She is 90+ and well.", "age", "90+"},
      {"5/325 mg twice daily for 10 days", "age", NULL},
      {"Lives in [CITY], [ZIP 021].", "zip3", "021"},
      {"[DATE 2018] and [DATE 2019], again [DATE 2019]", "year", "2019"},
      {"Admitted on [DATE 2017], seen [DATE 2018]", "admission", "2017"},
      {"She is a retired bus driver from here.", "profession", "bus driver"},
      {"He works as a welder.", "profession", "welder"},
      {"Known Huntington disease and gastritis; no gastritis now.", "diagnosis", "gastritis\nhuntington"},
      {"Liver disease.", "diagnosis", NULL},
      {"No complaints.", "sex", NULL}};
  g_autoptr(GError) error = NULL;
  g_autoptr(CrQuasi) q = cr_quasi_new(NULL, "en", &error);
  g_assert_no_error(error);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *value = value_of(q, rows[i].text, NULL, rows[i].key);
    g_test_message("%s of: %s", rows[i].key, rows[i].text);
    g_assert_cmpstr(value, ==, rows[i].value);
  }
}

/* What the meta data say counts, whatever the text says. */
static void
test_quasi_meta(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrQuasi) q = cr_quasi_new(NULL, "en", &error);
  g_assert_no_error(error);
  g_autoptr(json_t) meta = json_pack("{s:i, s:s, s:i}", "age", 44, "gender", "F", "year", 2020);
  g_autofree char *age = value_of(q, "A 71-year-old man. [DATE 2018]", meta, "age"),
                  *sex = value_of(q, "A 71-year-old man. [DATE 2018]", meta, "sex"),
                  *year = value_of(q, "A 71-year-old man. [DATE 2018]", meta, "year");
  g_assert_cmpstr(age, ==, "44");
  g_assert_cmpstr(sex, ==, "f");
  g_assert_cmpstr(year, ==, "2020");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/attack/rules", test_rules);
  g_test_add_func("/attack/quasi", test_quasi);
  g_test_add_func("/attack/quasi-meta", test_quasi_meta);
  return g_test_run();
}
