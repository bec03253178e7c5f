// "Listen": the browser's own voice reads a message aloud. One at a time.

let current = null;

export const canSpeak = () => "speechSynthesis" in window && "SpeechSynthesisUtterance" in window;

/** Starts reading `text`, or stops it when `owner` is being read; `onEnd` runs when it is over. Returns true when it began. */
export function toggleSpeech(owner, text, onEnd) {
  const wasOurs = current && current.owner === owner;
  stopSpeech();
  if (wasOurs) return false;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = "en-GB";
  const voices = speechSynthesis.getVoices();
  utterance.voice = voices.find((voice) => voice.lang === "en-GB") || null;
  const mine = { owner, onEnd, utterance }; // held, or some browsers drop it in the middle
  current = mine;
  utterance.onend = utterance.onerror = () => current === mine && stopSpeech();
  speechSynthesis.speak(utterance);
  return true;
}

export function stopSpeech() {
  if (!current) return;
  const { onEnd } = current;
  current = null;
  speechSynthesis.cancel();
  onEnd();
}
