// Reads a QR code with the camera, where the browser can.
'use strict';

const button = document.getElementById('scan');
if (button && 'BarcodeDetector' in window && navigator.mediaDevices) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const video = document.getElementById('camera');
    const said = document.getElementById('scan-said');
    try {
      const detector = new BarcodeDetector({ formats: ['qr_code'] });
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      video.hidden = false;
      await video.play();
      const look = async () => {
        const [found] = await detector.detect(video);
        if (!found) return requestAnimationFrame(look);
        for (const track of video.srcObject.getTracks()) track.stop();
        video.hidden = true;
        document.getElementById('f-link').value = found.rawValue;
        said.textContent = said.dataset.found;
        document.getElementById('f-code')?.focus();
      };
      look();
    } catch {
      said.textContent = said.dataset.failed;
    }
  });
}
