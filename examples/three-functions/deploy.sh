#!/usr/bin/env bash
# Makes the pool, the functions and the API of this example with the aws CLI, and prints how to call it.
set -euo pipefail
cd "$(dirname "$0")"

export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-eu-west-1} AWS_PAGER=
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
ROLE=${ROLE:-arn:aws:iam::000000000000:role/three-functions}
ACCOUNT=$(cut -d: -f5 <<<"$ROLE")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

aws() { command "${AWS:-aws}" ${ENDPOINT:+--endpoint-url "$ENDPOINT"} --output text "$@"; }

echo "pool" >&2
pool=$(aws cognito-idp create-user-pool --pool-name three-functions --query UserPool.Id)
pool_arn=$(aws cognito-idp describe-user-pool --user-pool-id "$pool" --query UserPool.Arn)
client=$(aws cognito-idp create-user-pool-client --user-pool-id "$pool" --client-name cli \
	--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH --query UserPoolClient.ClientId)
aws cognito-idp admin-create-user --user-pool-id "$pool" --username jo --message-action SUPPRESS >/dev/null
aws cognito-idp admin-set-user-password --user-pool-id "$pool" --username jo --password Correct-horse-1 --permanent

echo "functions" >&2
(cd node && python3 -m zipfile -c "$work/hello.zip" index.mjs)
(cd python && python3 -m zipfile -c "$work/sum.zip" handler.py)
(cd go && CGO_ENABLED=0 go build -o "$work/bootstrap" main.go)
(cd "$work" && python3 -m zipfile -c me.zip bootstrap)
aws lambda create-function --function-name hello --runtime nodejs20.x --handler index.handler --role "$ROLE" --zip-file "fileb://$work/hello.zip" >/dev/null
aws lambda create-function --function-name sum --runtime python3.11 --handler handler.handler --role "$ROLE" --zip-file "fileb://$work/sum.zip" >/dev/null
aws lambda create-function --function-name me --runtime provided.al2023 --handler bootstrap --role "$ROLE" --zip-file "fileb://$work/me.zip" >/dev/null

echo "API" >&2
sed "s|REGION|$AWS_DEFAULT_REGION|g; s|ACCOUNT|$ACCOUNT|g; s|POOL_ARN|$pool_arn|g" openapi.yaml >"$work/openapi.yaml"
api=$(aws apigateway import-rest-api --body "fileb://$work/openapi.yaml" --query id)
for function in hello sum me; do
	aws lambda add-permission --function-name "$function" --statement-id api --action lambda:InvokeFunction \
		--principal apigateway.amazonaws.com --source-arn "arn:aws:execute-api:$AWS_DEFAULT_REGION:$ACCOUNT:$api/*/GET/$function" >/dev/null
done
aws apigateway create-deployment --rest-api-id "$api" --stage-name dev >/dev/null

base="${ENDPOINT:+$ENDPOINT/_aws/execute-api/$api/dev}"
base="${base:-https://$api.execute-api.$AWS_DEFAULT_REGION.amazonaws.com/dev}"
cat <<END
API=$base
CLIENT=$client
END
echo "
curl '$base/hello?name=jo'
curl '$base/sum?a=1&b=2'
TOKEN=\$(aws ${ENDPOINT:+--endpoint-url $ENDPOINT }cognito-idp initiate-auth --client-id $client --auth-flow USER_PASSWORD_AUTH --auth-parameters USERNAME=jo,PASSWORD=Correct-horse-1 --query AuthenticationResult.IdToken --output text)
curl -H \"Authorization: \$TOKEN\" '$base/me'
aws ${ENDPOINT:+--endpoint-url $ENDPOINT }logs tail /aws/lambda/hello" >&2
