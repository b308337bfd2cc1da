package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
)

// contentTools answer with each kind of content.
func (s *Server) contentTools() []fixture {
	picture := block{"type": "image", "data": pixel(), "mimeType": "image/png"}
	embedded := func(uri, kind, text string) block {
		return block{"type": "resource", "resource": block{"uri": uri, "mimeType": kind, "text": text}}
	}
	return []fixture{
		{name: "test_simple_text", about: "Answers with text.",
			answer: fixed(blocks(textBlock("This is a simple text response for testing.")))},
		{name: "test_image_content", about: "Answers with an image.", answer: fixed(blocks(picture))},
		{name: "test_audio_content", about: "Answers with a sound.",
			answer: fixed(blocks(block{"type": "audio", "data": silence(), "mimeType": "audio/wav"}))},
		{name: "test_embedded_resource", about: "Answers with a resource inside.",
			answer: fixed(blocks(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")))},
		{name: "test_multiple_content_types", about: "Answers with text, an image and a resource.",
			answer: fixed(blocks(
				textBlock("Multiple content types test:"), picture,
				embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
			))},
		{name: "test_error_handling", about: "Always fails.",
			answer: fixed(failure("This tool intentionally returns an error for testing"))},
	}
}

// pixel is a PNG of one red pixel, in base64.
func pixel() string {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	img.Set(0, 0, color.RGBA{R: 255, A: 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a constant picture into memory
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// silence is a WAV of a hundredth of a second, in base64.
func silence() string {
	const rate, samples = 8000, 80
	var b bytes.Buffer
	put := func(v any) {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			panic(err) // numbers into memory
		}
	}
	b.WriteString("RIFF")
	put(uint32(36 + samples))
	b.WriteString("WAVEfmt ")
	put(uint32(16))
	put([]uint16{1, 1}) // PCM, one channel
	put([]uint32{rate, rate})
	put([]uint16{1, 8})
	b.WriteString("data")
	put(uint32(samples))
	b.Write(bytes.Repeat([]byte{128}, samples))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
