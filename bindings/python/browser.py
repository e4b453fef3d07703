"""A person at a browser, as far as the pages of single sign-on need one: cookies, forms, and where they lead."""

import html.parser
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The forms of a page: what each brings back by itself, by where it goes."""

    def __init__(self, page):
        super().__init__()
        self.hidden = {}
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.fields = self.hidden.setdefault(attrs["action"], {})
        elif tag == "input" and attrs.get("type") == "hidden":
            self.fields[attrs["name"]] = attrs["value"]


class Stay(urllib.request.HTTPRedirectHandler):
    """Where a page leads is looked at first: it may be an app."""

    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), Stay)
        self.url = None

    def open(self, url, fields=None):
        """The page, or where it leads."""
        self.url = url
        body = fields and urllib.parse.urlencode(fields).encode()
        try:
            with self.opener.open(url, body, timeout=30) as answer:
                return answer.read().decode(), None
        except urllib.error.HTTPError as answer:
            with answer:
                if answer.code != 303:
                    raise AssertionError(f"{url}: {answer.code} {answer.read().decode()}") from None
                return None, urllib.parse.urljoin(url, answer.headers["Location"])

    def submit(self, page, action, typed):
        return self.open(urllib.parse.urljoin(self.url, action), Forms(page).hidden[action] | typed)


def sign_in(url, email, password, decision):
    """Opens an address of `/auth/authorize`, signs in and decides; where the browser is sent then, which is the app."""
    browser = Browser()
    page, _ = browser.open(url)
    _, url = browser.submit(page, "/auth/login", {"email": email, "password": password})
    page, _ = browser.open(url)
    _, app = browser.submit(page, "/auth/authorize", {"decision": decision})
    return app
