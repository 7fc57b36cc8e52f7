using System.Net;
using System.Net.Http.Headers;
using EDA.Engine;
using EDA.Engine.Data;
using EDA.Engine.Data.Hdf5;

namespace EDA.Host.Downloads;

/// <summary>What became of a download.</summary>
/// <param name="Path">The file.</param>
/// <param name="Sha256">Its SHA-256.</param>
/// <param name="Fetched">Bytes that came over the network; 0 where the file was there.</param>
/// <param name="WasThere">Whether the file was there, and is what was recorded of it.</param>
public sealed record DownloadResult(string Path, string Sha256, long Fetched, bool WasThere);

/// <summary>
/// Fetches an HDF5 file over HTTP. A part that has arrived is kept and gone on from; the length is checked, the SHA-256
/// recorded the first time and compared ever after; no file is written over.
/// </summary>
/// <param name="client">The client; its own time limit should be off.</param>
public sealed class DatasetDownload(HttpClient client)
{
    private const int BytesAtOnce = 1 << 17;

    /// <summary>How long the server may be silent.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A client that gives up on a connection after half a minute and never on a long file.</summary>
    /// <returns>The client, owned by the caller.</returns>
    public static HttpClient CreateClient() =>
        new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Fetches a file, or what is missing of it.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="path">Where it goes.</param>
    /// <param name="progress">Told how many bytes there are, and how many there will be where that is known.</param>
    /// <param name="cancellation">Ends the download; what has arrived stays.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="DownloadException">It could not be fetched.</exception>
    /// <exception cref="InvalidFileException">A file is there that is not the one recorded, or that no download left.</exception>
    public async Task<DownloadResult> FetchAsync(Uri address, string path, Action<long, long?> progress, CancellationToken cancellation = default)
    {
        if (File.Exists(path))
        {
            string digits = ChecksumFile.Compute(path);
            if (ChecksumFile.Recorded(path) is null)
                throw new InvalidFileException(path, $"exists already without a record of its download ({System.IO.Path.GetFileName(ChecksumFile.PathOf(path))}); nothing is overwritten");
            ChecksumFile.Check(path, digits);
            return new DownloadResult(path, digits, 0, WasThere: true);
        }

        var part = new PartialFile(path);
        long fetched = await CompleteAsync(address, path, part, progress, cancellation).ConfigureAwait(false);
        return new DownloadResult(path, Accept(address, path, part), fetched, WasThere: false);
    }

    /// <summary>Brings the part to its full length.</summary>
    private async Task<long> CompleteAsync(Uri address, string path, PartialFile part, Action<long, long?> progress, CancellationToken cancellation)
    {
        long there = part.Length(address);
        if (there > 0 && part.Origin(address)!.Length == there)
            return 0;
        if (part.Origin(address)?.Validator is null)
            there = 0;
        try
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            silence.CancelAfter(Patience);
            using var response = await RequestAsync(address, part, there, silence.Token).ConfigureAwait(false);
            bool goesOn = response.StatusCode == HttpStatusCode.PartialContent;
            long start = goesOn ? there : 0;
            long? total = goesOn ? response.Content.Headers.ContentRange!.Length : response.Content.Headers.ContentLength;
            await using (var file = part.Open(start, new Origin(address.AbsoluteUri, Validator(response), total)))
            {
                await using var body = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
                var buffer = new byte[BytesAtOnce];
                progress(start, total);
                while (true)
                {
                    int read;
                    try
                    {
                        silence.CancelAfter(Patience);
                        read = await body.ReadAsync(buffer, silence.Token).ConfigureAwait(false);
                    }
                    catch (IOException broken)
                    {
                        throw Truncated(file.Position, broken);
                    }

                    if (read == 0)
                        break;
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
                    progress(file.Position, total);
                }

                if (total is { } whole && file.Position != whole)
                    throw Truncated(file.Position, null);
                return file.Position - start;

                DownloadException Truncated(long length, Exception? inner)
                {
                    string all = total is { } known ? known.ToString(CultureInfo.InvariantCulture) : "an unknown number of";
                    string next = Validator(response) is null ? "begins anew, since the server names no version of the file" : $"goes on from there ({path}.part)";
                    return new($"{address}: the connection ended after {length} of {all} bytes; the same command {next}", inner);
                }
            }
        }
        catch (OperationCanceledException unreachable) when (!cancellation.IsCancellationRequested && unreachable.InnerException is TimeoutException)
        {
            throw Unreachable(address, unreachable);
        }
        catch (OperationCanceledException silent) when (!cancellation.IsCancellationRequested)
        {
            throw new DownloadException($"{address}: the server sent nothing for {Patience.TotalSeconds:0} seconds; the same command goes on from what has arrived", silent);
        }
        catch (HttpRequestException failed)
        {
            throw Unreachable(address, failed);
        }
    }

    private static DownloadException Unreachable(Uri address, Exception reason) =>
        new($"{address}: the server {address.Host} cannot be reached ({reason.GetBaseException().Message}); the same command tries again, and --mirror names another server", reason);

    private async Task<HttpResponseMessage> RequestAsync(Uri address, PartialFile part, long there, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (there > 0)
        {
            request.Headers.Range = new RangeHeaderValue(there, null);
            request.Headers.IfRange = RangeConditionHeaderValue.Parse(part.Origin(address)!.Validator!);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        bool fits = response.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.PartialContent => there > 0 && response.Content.Headers.ContentRange is { HasRange: true, HasLength: true } range && range.From == there,
            _ => false,
        };
        if (fits)
            return response;
        using (response)
        {
            // A part that the server has nothing to add to, or adds to at another place, is of no use.
            if (there > 0 && response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent)
            {
                part.Delete();
                return await RequestAsync(address, part, 0, cancellation).ConfigureAwait(false);
            }

            throw new DownloadException($"{address}: the server answers {(int)response.StatusCode} {response.ReasonPhrase}"
                + (response.StatusCode == HttpStatusCode.NotFound ? "; the file is no longer there, and --mirror names another server" : string.Empty));
        }
    }

    /// <summary>Checks the whole file and gives it its name.</summary>
    private static string Accept(Uri address, string path, PartialFile part)
    {
        if (!Hdf5File.HasSignature(part.Path))
        {
            part.Delete();
            throw new DownloadException($"{address}: what the server sent is not an HDF5 file; --mirror names another server");
        }

        if (part.Origin(address)?.Length is null)
            RequireWhole(address, part);
        string digits = ChecksumFile.Compute(part.Path);
        if (ChecksumFile.Recorded(path) is { } recorded)
        {
            if (recorded != digits)
                throw new DownloadException($"{address}: the file's SHA-256 is {digits}, and {ChecksumFile.PathOf(path)} records {recorded} of an earlier download; remove that record to take the new file, or {part.Path} to fetch it again");
        }
        else
        {
            ChecksumFile.Record(path, digits);
        }

        part.Finish(path);
        return digits;
    }

    /// <summary>Asks the HDF5 library, where there is one, whether the end is there: the server told no length.</summary>
    private static void RequireWhole(Uri address, PartialFile part)
    {
        if (!Hdf5File.Library.IsFound)
            return;
        try
        {
            Hdf5File.Open(part.Path).Dispose();
        }
        catch (InvalidFileException cut)
        {
            long length = new FileInfo(part.Path).Length;
            part.Delete();
            throw new DownloadException($"{address}: the server told no length, and the {length} bytes that came are no whole HDF5 file; the same command begins anew", cut);
        }
    }

    /// <summary>A weak ETag says nothing about bytes; then the date must do.</summary>
    private static string? Validator(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.ToString()
        : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);
}
