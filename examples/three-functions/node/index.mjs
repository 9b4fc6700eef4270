export const handler = async (event) => {
  console.log(`hello to ${event.requestContext.identity.sourceIp}`);
  const name = event.queryStringParameters?.name ?? "world";
  return { statusCode: 200, headers: { "X-Greeter": "node" }, body: JSON.stringify({ hello: name }) };
};
