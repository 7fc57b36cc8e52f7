using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EDA.Host.View;

/// <summary>
/// Who gets an answer: who has the token, from the address that was opened or from the cookie that the first page left.
/// Pages of other hosts get none: a browser says where a request comes from (Origin, Sec-Fetch-Site), and a name that was made
/// to point here is not one of this machine's (Host).
/// </summary>
/// <param name="token">The token.</param>
internal sealed class ViewGuard(string token)
{
    /// <summary>The token's name in an address.</summary>
    public const string TokenKey = "token";

    private readonly byte[] _token = Encoding.ASCII.GetBytes(token);

    /// <summary>The token.</summary>
    public string Token => token;

    /// <summary>Looks at a request.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Why it is not answered; null where it is.</returns>
    public string? Refuse(HttpRequest request)
    {
        if (!IsOfThisMachine(request.Host.Host))
            return $"the host is {request.Host.Host}, and only 127.0.0.1 and localhost are answered";
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && origin != $"{request.Scheme}://{request.Host.Value}")
            return "another page asks, and only this one's own requests are answered";
        // The address may be opened from a link of another page; anything else that it asks for is its own doing.
        if (request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] != "navigate")
            return "another page asks, and only this one's own requests are answered";
        return Is(request.Query[TokenKey].ToString()) || Is(request.Cookies[CookieOf(request)] ?? string.Empty)
            ? null
            : "the address lacks its token; open the address that eda view printed";
    }

    /// <summary>Has the browser keep the token, so that it need not stand in further addresses.</summary>
    /// <param name="context">A request that is answered.</param>
    public void Keep(HttpContext context)
    {
        if (context.Request.Query.ContainsKey(TokenKey))
            context.Response.Cookies.Append(CookieOf(context.Request), token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
    }

    // Cookies do not know ports: two servers would take each other's.
    private static string CookieOf(HttpRequest request) => string.Create(CultureInfo.InvariantCulture, $"eda-view-{request.Host.Port ?? 80}");

    private static bool IsOfThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private bool Is(string given) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), _token);
}
