using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EDA.Tests.Host;

/// <summary>A small HTTP server on this machine that serves one file, well or badly.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();

    public FileServer(byte[] content)
    {
        Content = content;
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>The file, whatever is asked for.</summary>
    public byte[] Content { get; set; }

    /// <summary>The version that the server tells; null for none.</summary>
    public string? Tag { get; set; } = "\"first\"";

    /// <summary>Bytes of a body after which the connection ends.</summary>
    public int EndAfter { get; set; } = int.MaxValue;

    /// <summary>Whether the server goes silent where it would end.</summary>
    public bool Hangs { get; set; }

    /// <summary>Whether it keeps the length to itself, and only the end of the connection ends the file.</summary>
    public bool HidesLength { get; set; }

    /// <summary>Whether it ignores that only a part is asked for.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>What it answers instead of the file, for instance <c>404 Not Found</c>.</summary>
    public string? Refusal { get; set; }

    /// <summary>The first line and the range of each request.</summary>
    public ConcurrentQueue<(string Line, string? Range)> Requests { get; } = [];

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public void Dispose()
    {
        // May be called twice: a test takes the server away.
        if (_end.IsCancellationRequested)
            return;
        _end.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptTcpClientAsync(_end.Token);
                await AnswerAsync(connection.GetStream());
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, false, 1024, leaveOpen: true);
            string line = await reader.ReadLineAsync(_end.Token) ?? string.Empty;
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 } header)
                headers[header.Split(':')[0]] = header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            headers.TryGetValue("Range", out string? range);
            Requests.Enqueue((line, range));
            if (Refusal is not null)
            {
                await SendAsync(stream, $"HTTP/1.1 {Refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                return;
            }

            int first = 0;
            string status = "200 OK";
            if (range is not null && !IgnoresRanges && headers.GetValueOrDefault("If-Range") == Tag)
            {
                first = int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
                if (first >= Content.Length)
                {
                    await SendAsync(stream, $"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{Content.Length}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    return;
                }

                status = $"206 Partial Content\r\nContent-Range: bytes {first}-{Content.Length - 1}/{Content.Length}";
            }

            string tag = Tag is null ? string.Empty : $"ETag: {Tag}\r\n";
            string length = HidesLength ? string.Empty : $"Content-Length: {Content.Length - first}\r\n";
            await SendAsync(stream, $"HTTP/1.1 {status}\r\n{tag}{length}Connection: close\r\n\r\n");
            int count = Math.Min(EndAfter, Content.Length - first);
            await stream.WriteAsync(Content.AsMemory(first, count), _end.Token);
            if (Hangs)
                await Task.Delay(Timeout.Infinite, _end.Token);
        }
        catch (IOException)
        {
            // The client left.
        }
    }

    private async Task SendAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _end.Token);
}
