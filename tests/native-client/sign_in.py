"""Credentials of people and of their applications, got as a browser and an application get them."""

import base64
import hashlib
import http.cookiejar
import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request

REDIRECT = "https://merchant.example/cb"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: where an answer leads is what is asked for."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies."""

    def __init__(self, base):
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(_Stay, jar)

    def send(self, path, form=None):
        """The text of the answer, and where it leads."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self.opener.open(urllib.request.Request(self.base + path, data)) as answer:
                return answer.read().decode(), answer.headers.get("Location", "")
        except urllib.error.HTTPError as answer:
            return answer.read().decode(), answer.headers.get("Location", "")


def hidden(page, name):
    """The value of a hidden field."""
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    return found.group(1) if found else ""


def access_token(base, person, application, scope):
    """A token of an application, as answered by CreateApplication, for a person (address and password)."""
    browser = Browser(base)
    page, _ = browser.send("/auth/login")
    email, password = person
    browser.send("/auth/login", {"csrf": hidden(page, "csrf"), "email": email, "password": password})
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": application["clientid"], "redirect_uri": REDIRECT, "response_type": "code", "scope": scope,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }
    page, _ = browser.send("/auth/authorize?" + urllib.parse.urlencode(asked))
    decided = {"csrf": hidden(page, "csrf"), "upid": hidden(page, "upid"), "decision": "allow"}
    _, location = browser.send("/auth/authorize", {**asked, **decided})
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)["code"][0]
    exchange = {
        "grant_type": "authorization_code", "client_id": application["clientid"], "redirect_uri": REDIRECT,
        "client_secret": application.get("clientsecret") or "", "code": code, "code_verifier": verifier,
    }
    answer, _ = browser.send("/auth/token", exchange)
    return json.loads(answer)["access_token"]
