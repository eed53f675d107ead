"""Says what to pack: a command agent that asks back, tells what it does, and answers in chunks."""

import json
import re
import sys

WEATHER = {
    "warm": ["sun cream", "sunglasses", "swimwear"],
    "cold": ["warm coat", "gloves", "wool hat"],
    "rainy": ["rain jacket", "umbrella", "waterproof shoes"],
}
WORDS = {"weekend": 2, "week": 7, "fortnight": 14}
DAYS_MAX = 365


def emit(kind, **event):
    print(json.dumps({"type": kind, **event}), flush=True)


def text_of(message):
    return " ".join(part["text"] for part in message["parts"] if "text" in part).lower()


def find_days(text):
    number = re.search(r"\b(\d{1,4})\s*(?:-\s*)?days?\b", text) or re.fullmatch(r"\D*(\d{1,4})\D*", text)
    if number:
        return int(number[1])
    return next((days for word, days in WORDS.items() if re.search(rf"\b{word}\b", text)), None)


def find_weather(text):
    return next((weather for weather in WEATHER if weather in text), None)


def latest(find, texts):
    """What was said last counts."""
    return next((found for found in map(find, reversed(texts)) if found is not None), None)


def main():
    turn = json.loads(sys.stdin.readline())
    # A conversation goes on where it was: the earlier messages of the user are part of what is known.
    said = [text_of(message) for message in turn["history"] if message["role"] == "user"] + [text_of(turn["message"])]
    days, weather = latest(find_days, said), latest(find_weather, said)

    if days is None:
        return emit("status", state="input-required", text="For how many days?")
    if not 1 <= days <= DAYS_MAX:
        return emit("status", state="rejected", text=f"I can only pack for 1 to {DAYS_MAX} days.")
    if weather is None:
        return emit("status", state="input-required", text="Will it be warm, cold or rainy?")

    emit("status", state="working", text=f"Packing for {days} days of {weather} weather.")
    always = turn.get("settings", {}).get("always", [])
    items = [f"{days} × socks and underwear", f"{(days + 1) // 2} × shirts"] + WEATHER[weather] + always
    for number, item in enumerate(items):
        emit("artifact", id="list", name="packing list", text=f"- {item}\n", append=number > 0,
             last=number == len(items) - 1)
    emit("artifact", id="data", name="packing data", last=True,
         data={"days": days, "weather": weather, "items": items})
    emit("usage", items=len(items))
    emit("status", state="completed", text="Have a good trip!")


main()
