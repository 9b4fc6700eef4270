// The function of e2e/serverless_test.go: it answers with the event that the framework's template made, or fails as it is told.
export const handler = async (event) => {
  const fail = event.query.fail;
  if (fail === "exit") process.exit(1);
  if (fail) throw new Error(fail);
  return event;
};
