// Floating point in three nested loops.
#define MAX 40
static double a[MAX][MAX], b[MAX][MAX], c[MAX][MAX];

/// Sum over the product of two n × n matrices, n at most 40.
__attribute__((export_name("multiply"))) double multiply(int n) {
  double sum = 0;
  if (n > MAX) return -1;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[i][j] = i * 0.5 + j;
      b[i][j] = i - j * 0.25;
      c[i][j] = 0;
    }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n; k++) c[i][j] += a[i][k] * b[k][j];
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) sum += c[i][j];
  return sum;
}
