// aws-jwt-verify as people use it. Prints "ok" when every token was judged as it must be.
import { readFileSync } from "node:fs";
import { CognitoJwtVerifier, JwtVerifier } from "aws-jwt-verify";

const { mode, userPoolId, clientId, issuer, jwks, tokens } = JSON.parse(readFileSync(0, "utf8"));

async function refused(promise, why) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`accepted ${why}`);
}

if (mode === "cognito") {
  for (const [tokenUse, token, other] of [["id", tokens.id, tokens.access], ["access", tokens.access, tokens.id]]) {
    const verifier = CognitoJwtVerifier.create({ userPoolId, tokenUse, clientId });
    verifier.cacheJwks(jwks);
    const claims = await verifier.verify(token);
    if (claims.token_use !== tokenUse) throw new Error(`token_use is ${claims.token_use}`);
    await refused(verifier.verify(other), "the other kind of token");
    await refused(verifier.verify(token.slice(0, -8) + "AAAAAAAA"), "a forged token");
    await refused(verifier.verify(token, { clientId: "somebody" }), "another client's token");
  }
} else {
  const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  if (discovery.issuer !== issuer) throw new Error(`discovery names the issuer ${discovery.issuer}`);
  const verifier = JwtVerifier.create({ issuer, audience: clientId, jwksUri: discovery.jwks_uri });
  const claims = await verifier.verify(tokens.id);
  if (claims.iss !== issuer) throw new Error(`iss is ${claims.iss}`);
  await refused(verifier.verify(tokens.id.slice(0, -8) + "AAAAAAAA"), "a forged token");
}
console.log("ok");
