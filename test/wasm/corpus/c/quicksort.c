// Recursion, and comparisons through a function pointer (call_indirect).
typedef int (*compare)(int, int);

static int numbers[1000];

static int ascending(int a, int b) { return a < b; }
static int descending(int a, int b) { return a > b; }
static int by_last_digit(int a, int b) { return a % 10 < b % 10; }
static const compare ORDERS[] = {ascending, descending, by_last_digit};

static void sort(int from, int to, compare before) {
  while (from < to) {
    int pivot = numbers[(from + to) / 2], i = from, j = to;
    while (i <= j) {
      while (before(numbers[i], pivot)) i++;
      while (before(pivot, numbers[j])) j--;
      if (i <= j) {
        int swapped = numbers[i];
        numbers[i++] = numbers[j];
        numbers[j--] = swapped;
      }
    }
    sort(from, j, before);
    from = i;
  }
}

/// Sorts n pseudo-random numbers (at most 1000) and returns a hash of their order.
__attribute__((export_name("sort"))) int sort_numbers(int n, unsigned order) {
  unsigned seed = 12345, hash = 0;
  if (n > 1000 || order > 2) return -1;
  for (int i = 0; i < n; i++) {
    seed = seed * 1103515245 + 12345;
    numbers[i] = (seed >> 8) % 100000;
  }
  sort(0, n - 1, ORDERS[order]);
  for (int i = 0; i < n; i++) hash = hash * 31 + numbers[i];
  return (int)hash;
}
