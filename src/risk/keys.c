/* keys.c: documents by what is known of everybody. Values are numbered as they come, 0 for "not known"; a
 * class is the tuple of numbers. Its size is how many different persons stand in it: ten notes of one patient
 * hide nobody. */
#include <chartroom/risk.h>
#include <string.h>

struct CrKeyTable {
  guint n_keys;
  GPtrArray **names;    /* of each key: value number - 1 -> char* */
  GHashTable **numbers; /* of each key: value -> number */
  GHashTable *persons;  /* name -> number from 1 */
  guint next_person;
  GArray *rows; /* guint32: person, then a value for each key */
};

CrKeyTable *
cr_key_table_new(const char *const *keys, guint n_keys)
{
  g_assert(keys && n_keys > 0 && n_keys <= CR_RISK_MAX_KEYS);
  CrKeyTable *t = g_new0(CrKeyTable, 1);
  t->n_keys = n_keys;
  t->names = g_new0(GPtrArray *, n_keys);
  t->numbers = g_new0(GHashTable *, n_keys);
  for (guint i = 0; i < n_keys; i++) {
    t->names[i] = g_ptr_array_new_with_free_func(g_free);
    t->numbers[i] = g_hash_table_new(g_str_hash, g_str_equal);
  }
  t->persons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  t->rows = g_array_new(FALSE, FALSE, sizeof(guint32));
  return t;
}

void
cr_key_table_free(CrKeyTable *t)
{
  if (!t)
    return;
  for (guint i = 0; i < t->n_keys; i++) {
    g_hash_table_unref(t->numbers[i]);
    g_ptr_array_unref(t->names[i]);
  }
  g_free(t->names);
  g_free(t->numbers);
  g_hash_table_unref(t->persons);
  g_array_unref(t->rows);
  g_free(t);
}

static guint32
number_of(CrKeyTable *t, guint key, const char *value)
{
  if (!value)
    return 0;
  guint32 number = GPOINTER_TO_UINT(g_hash_table_lookup(t->numbers[key], value));
  if (number)
    return number;
  char *copy = g_strdup(value);
  g_ptr_array_add(t->names[key], copy);
  g_hash_table_insert(t->numbers[key], copy, GUINT_TO_POINTER(t->names[key]->len));
  return t->names[key]->len;
}

static guint32
person_of(CrKeyTable *t, const char *person)
{
  guint32 number = person ? GPOINTER_TO_UINT(g_hash_table_lookup(t->persons, person)) : 0;
  if (number)
    return number;
  number = ++t->next_person;
  if (person)
    g_hash_table_insert(t->persons, g_strdup(person), GUINT_TO_POINTER(number));
  return number;
}

void
cr_key_table_add(CrKeyTable *t, const char *person, const char *const *values)
{
  guint32 number = person_of(t, person);
  g_array_append_val(t->rows, number);
  for (guint i = 0; i < t->n_keys; i++) {
    number = number_of(t, i, values[i]);
    g_array_append_val(t->rows, number);
  }
}

guint
cr_key_table_n_rows(const CrKeyTable *t)
{
  return t->rows->len / (t->n_keys + 1);
}

static const guint32 *
row_of(const CrKeyTable *t, guint row)
{
  return &g_array_index(t->rows, guint32, (gsize)row * (t->n_keys + 1));
}

const char *
cr_key_table_value(const CrKeyTable *t, guint row, guint key)
{
  guint32 number = row_of(t, row)[1 + key];
  return number ? t->names[key]->pdata[number - 1] : NULL;
}

/* ---- classes ---- */

/* A row as it is sorted: rows of one class stand together, those of a person side by side. The hash over the
 * values goes first because it is quick; where it is equal the values decide. */
typedef struct {
  guint64 hash;
  guint32 row, person;
} Sorted;

typedef struct {
  const CrKeyTable *table;
  guint mask;
} Order;

static guint64
hash_values(const Order *o, guint row)
{
  const guint32 *values = row_of(o->table, row) + 1;
  guint64 hash = 0x9E3779B97F4A7C15u;
  for (guint key = 0; key < o->table->n_keys; key++)
    if (o->mask >> key & 1) {
      hash = (hash ^ values[key]) * 0xBF58476D1CE4E5B9u;
      hash ^= hash >> 29;
    }
  return hash;
}

static gint
compare_values(const Order *o, guint a, guint b)
{
  const guint32 *x = row_of(o->table, a), *y = row_of(o->table, b);
  for (guint key = 0; key < o->table->n_keys; key++)
    if ((o->mask >> key & 1) && x[1 + key] != y[1 + key])
      return x[1 + key] < y[1 + key] ? -1 : 1;
  return 0;
}

static gint
compare_rows(gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Sorted *x = a, *y = b;
  if (x->hash != y->hash)
    return x->hash < y->hash ? -1 : 1;
  gint by_values = compare_values(user_data, x->row, y->row);
  return by_values ? by_values : x->person < y->person ? -1 : x->person > y->person;
}

static GArray *
sorted_rows(const Order *o)
{
  guint n = cr_key_table_n_rows(o->table);
  GArray *order = g_array_sized_new(FALSE, FALSE, sizeof(Sorted), n);
  for (guint i = 0; i < n; i++) {
    Sorted row = {hash_values(o, i), i, *row_of(o->table, i)};
    g_array_append_val(order, row);
  }
  g_array_sort_with_data(order, compare_rows, (gpointer)o);
  return order;
}

/* The end of the class that begins at `first` of the order, and how many persons are in it. */
static guint
end_of_class(const Order *o, const GArray *order, guint first, guint *n_persons)
{
  const Sorted *head = &g_array_index(order, Sorted, first);
  guint at = first;
  *n_persons = 0;
  for (guint32 last = 0; at < order->len; at++) {
    const Sorted *row = &g_array_index(order, Sorted, at);
    if (row->hash != head->hash || compare_values(o, head->row, row->row) != 0)
      break;
    *n_persons += row->person != last;
    last = row->person;
  }
  return at;
}

GArray *
cr_key_table_sizes(const CrKeyTable *t, guint mask)
{
  Order o = {t, mask};
  g_autoptr(GArray) order = sorted_rows(&o);
  GArray *sizes = g_array_sized_new(FALSE, TRUE, sizeof(guint), order->len);
  g_array_set_size(sizes, order->len);
  for (guint at = 0; at < order->len;) {
    guint n, end = end_of_class(&o, order, at, &n);
    for (; at < end; at++)
      g_array_index(sizes, guint, g_array_index(order, Sorted, at).row) = n;
  }
  return sizes;
}

static guint
told_by(const CrKeyTable *t, guint row, guint mask)
{
  guint told = 0;
  for (guint key = 0; key < t->n_keys; key++)
    told |= row_of(t, row)[1 + key] ? 1u << key : 0;
  return told & mask;
}

/* The different sets of keys of the mask that rows tell, as a set of numbers. */
static GHashTable *
told_sets(const CrKeyTable *t, guint mask)
{
  GHashTable *sets = g_hash_table_new(NULL, NULL);
  for (guint row = 0; row < cr_key_table_n_rows(t); row++)
    g_hash_table_add(sets, GUINT_TO_POINTER(told_by(t, row, mask)));
  return sets;
}

GArray *
cr_key_table_alike(const CrKeyTable *t, guint mask)
{
  guint n = cr_key_table_n_rows(t);
  g_autoptr(GHashTable) sets = told_sets(t, mask);
  GHashTableIter iter;
  gpointer set;
  GArray *alike = g_array_sized_new(FALSE, TRUE, sizeof(guint), n);
  g_array_set_size(alike, n);
  g_hash_table_iter_init(&iter, sets);
  while (g_hash_table_iter_next(&iter, &set, NULL)) {
    g_autoptr(GArray) sizes = cr_key_table_sizes(t, GPOINTER_TO_UINT(set));
    for (guint row = 0; row < n; row++)
      if (told_by(t, row, mask) == GPOINTER_TO_UINT(set))
        g_array_index(alike, guint, row) = g_array_index(sizes, guint, row);
  }
  return alike;
}

GArray *
cr_key_table_histogram(const CrKeyTable *t, guint mask)
{
  Order o = {t, mask};
  g_autoptr(GArray) order = sorted_rows(&o);
  GArray *histogram = g_array_new(FALSE, TRUE, sizeof(guint64));
  for (guint at = 0, n; at < order->len;) {
    at = end_of_class(&o, order, at, &n);
    if (histogram->len < n)
      g_array_set_size(histogram, n);
    g_array_index(histogram, guint64, n - 1)++;
  }
  return histogram;
}

/* ---- the smallest sets that single out ---- */

static guint
n_bits(guint mask)
{
  guint n = 0;
  for (; mask; mask &= mask - 1)
    n++;
  return n;
}

static gint
most_rows_first(gconstpointer a, gconstpointer b)
{
  const CrKeySet *x = a, *y = b;
  if (x->n_rows != y->n_rows)
    return x->n_rows > y->n_rows ? -1 : 1;
  return x->mask < y->mask ? -1 : x->mask > y->mask;
}

/* A row is singled out by the mask when it is alone in it and has a value for each of its keys. */
static gboolean
is_singled(const CrKeyTable *t, guint row, guint mask, guint size)
{
  for (guint key = 0; key < t->n_keys; key++)
    if ((mask >> key & 1) && !row_of(t, row)[1 + key])
      return FALSE;
  return size == 1;
}

static gboolean
has_inside(const GArray *found, guint mask)
{
  for (guint i = 0; i < found->len; i++) {
    guint smaller = g_array_index(found, guint, i);
    if ((smaller & mask) == smaller)
      return TRUE;
  }
  return FALSE;
}

static void
look_at_set(const CrKeyTable *t, guint mask, GArray **found, GArray *sets)
{
  g_autoptr(GArray) sizes = cr_key_table_sizes(t, mask);
  CrKeySet set = {mask, 0};
  for (guint row = 0; row < sizes->len; row++) {
    if (!is_singled(t, row, mask, g_array_index(sizes, guint, row)) ||
        (found[row] && has_inside(found[row], mask)))
      continue;
    if (!found[row])
      found[row] = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_val(found[row], mask);
    set.n_rows++;
  }
  if (set.n_rows)
    g_array_append_val(sets, set);
}

GArray *
cr_key_table_singling(const CrKeyTable *t, guint mask, guint max_keys)
{
  GArray *sets = g_array_new(FALSE, FALSE, sizeof(CrKeySet));
  guint n = cr_key_table_n_rows(t);
  g_autofree GArray **found = g_new0(GArray *, n + 1); /* of each row, the sets that single it out */
  for (guint size = 1; size <= max_keys; size++)
    for (guint set = 1; set < 1u << t->n_keys; set++)
      if ((set & mask) == set && n_bits(set) == size)
        look_at_set(t, set, found, sets);
  for (guint row = 0; row < n; row++)
    if (found[row])
      g_array_unref(found[row]);
  g_array_sort(sets, most_rows_first);
  return sets;
}
