def handler(event, context):
    print(f"sum of {event['a']} and {event['b']}")
    try:
        return {"total": int(event["a"]) + int(event["b"])}
    except ValueError:
        raise ValueError("not a number")
