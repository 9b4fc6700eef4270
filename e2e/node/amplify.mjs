// Amplify v6's own auth client: SRP sign-in, a wrong password, refresh, sign-out. Prints "ok".
import { readFileSync } from "node:fs";
import { Amplify } from "aws-amplify";
import { fetchAuthSession, getCurrentUser, signIn, signOut } from "aws-amplify/auth";

const { userPoolId, userPoolClientId, userPoolEndpoint, username, password } = JSON.parse(readFileSync(0, "utf8"));

Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint } } });

try {
  await signIn({ username, password: `not-${password}` });
  throw new Error("signed in with a wrong password");
} catch (error) {
  if (error.name !== "NotAuthorizedException" || error.message !== "Incorrect username or password.") throw error;
}

const { isSignedIn, nextStep } = await signIn({ username, password });
if (!isSignedIn) throw new Error(`not signed in: ${JSON.stringify(nextStep)}`);
if ((await getCurrentUser()).username !== username) throw new Error("another user is signed in");

const first = (await fetchAuthSession()).tokens;
const second = (await fetchAuthSession({ forceRefresh: true })).tokens;
if (first.accessToken.payload.sub !== second.accessToken.payload.sub) throw new Error("the refresh is somebody else's");
if (first.accessToken.toString() === second.accessToken.toString()) throw new Error("the refresh gave the same access token");
if (first.accessToken.payload.origin_jti !== second.accessToken.payload.origin_jti) throw new Error("the refresh has another origin_jti");

await signOut({ global: true });
if ((await fetchAuthSession()).tokens) throw new Error("still signed in");
console.log("ok");
