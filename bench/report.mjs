export function report(results) {
  console.log(JSON.stringify(results, null, 1));
  return 0;
}
