import requests
import time

# The script of the API's guide, as it stands there.
NESSUS_URL = "https://nessus-scanner.internal:8834"
HEADERS = {
    "X-ApiKeys": "accessKey=YOUR_ACCESS_KEY; secretKey=YOUR_SECRET_KEY",
    "Content-Type": "application/json"
}

requests.packages.urllib3.disable_warnings()


def launch_and_poll_scan(scan_id):
    launch_url = f"{NESSUS_URL}/scans/{scan_id}/launch"
    response = requests.post(launch_url, headers=HEADERS, verify=False)
    if response.status_code != 200:
        print(f"API Error: Failed to launch scan. HTTP {response.status_code}")
        return
    scan_uuid = response.json().get('scan_uuid')
    print(f"Execution initialized. Assigned UUID: {scan_uuid}")
    status_url = f"{NESSUS_URL}/scans/{scan_id}"
    while True:
        status_response = requests.get(status_url, headers=HEADERS, verify=False)
        current_status = status_response.json()['info']['status']
        if current_status == 'completed':
            print("Scan cycle completed successfully. Ready for data export.")
            break
        elif current_status in ['canceled', 'aborted']:
            print(f"Execution halted prematurely. Final state: {current_status}")
            break
        print(f"Engine status: {current_status}. Polling memory state in 30 seconds...")
        time.sleep(30)


if __name__ == "__main__":
    launch_and_poll_scan(42)
