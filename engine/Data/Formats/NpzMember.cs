using System.IO.Compression;
using System.IO.Hashing;
using SharpCompress.Common;
using SharpCompress.Readers;
using PackedArchive = SharpCompress.Archives.Zip.ZipArchive;

namespace EDA.Engine.Data.Formats;

/// <summary>
/// A file within a ZIP archive as it unpacks. When all of it has been read, its length and CRC-32 are compared with what the
/// archive says of it, which the framework's reader does not do.
/// </summary>
internal sealed class NpzMember : Stream
{
    // What a packed byte can become: 258 bytes for two bits of deflate; bzip2 packs 46 MB of zeros into 45 bytes.
    private const long MostUnpackedByDeflate = 1040, MostUnpacked = 1 << 20;
    private readonly string _path;
    private readonly ZipArchiveEntry _entry;
    private readonly Crc32 _checksum = new();
    private readonly IDisposable? _owner;
    private readonly Stream _stream;
    private long _read;

    /// <summary>Opens a member.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="name">What messages call the member.</param>
    /// <param name="entry">The member.</param>
    /// <exception cref="InvalidFileException">It is encrypted, packed in an unknown way or broken.</exception>
    public NpzMember(string path, string name, ZipArchiveEntry entry)
    {
        (_path, Name, _entry) = (path, name, entry);
        if (entry.IsEncrypted)
            throw Refusal("is encrypted; allowed are arrays that are not");
        try
        {
            (_stream, Method) = (entry.Open(), entry.CompressedLength < entry.Length ? "compressed" : "one piece");
        }
        catch (InvalidDataException)
        {
            // Packed otherwise than by deflate, or broken: the other library can tell.
            (_owner, _stream, Method) = OpenPacked();
        }

        if (entry.Length / (_owner is null ? MostUnpackedByDeflate : MostUnpacked) > entry.CompressedLength)
        {
            Dispose();
            throw Refusal($"is broken: {entry.CompressedLength} bytes cannot unpack to {entry.Length}");
        }
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>How it is kept.</summary>
    public string Method { get; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _entry.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    /// <summary>Why the member is refused.</summary>
    /// <param name="reason">What is wrong, to follow its name.</param>
    /// <param name="inner">What was thrown underneath, if anything.</param>
    public InvalidFileException Refusal(string reason, Exception? inner = null) => new(_path, $"{Name} {reason}", inner);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            int count = _stream.Read(buffer);
            _checksum.Append(buffer[..count]);
            _read += count;
            return count;
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            throw DoesNotUnpack(broken);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Refuses a member that goes on, or whose bytes were others when it was packed.</summary>
    /// <exception cref="InvalidFileException">It does, or they were.</exception>
    public void RequireWhole()
    {
        if (ReadByte() >= 0 || _read != _entry.Length)
            throw Refusal($"is broken: it does not unpack to {_entry.Length} bytes");
        uint found = _checksum.GetCurrentHashAsUInt32();
        if (found != _entry.Crc32)
            throw Refusal($"is damaged: its CRC-32 is {found:x8} and not {_entry.Crc32:x8}, as it was when the file was written");
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream.Dispose();
            _owner?.Dispose();
        }

        base.Dispose(disposing);
    }

    // A decoder that meets bytes it was not made for may throw anything; a disk that fails says so as an IOException.
    private static bool IsBroken(Exception error) => error is not (IOException or UnauthorizedAccessException or OutOfMemoryException) or EndOfStreamException;

    private InvalidFileException DoesNotUnpack(Exception broken) => Refusal("is broken: it does not unpack", broken);

    private (IDisposable Owner, Stream Stream, string Method) OpenPacked()
    {
        IDisposable? owner = null;
        try
        {
            var archive = PackedArchive.OpenArchive(_path, ReaderOptions.ForFilePath);
            owner = archive;
            var entry = archive.Entries.First(entry => entry.Key == _entry.FullName);
            string? method = entry.CompressionType switch
            {
                CompressionType.BZip2 => "bzip2",
                CompressionType.LZMA => "LZMA",
                CompressionType.None or CompressionType.Deflate or CompressionType.Deflate64 => null,
                CompressionType.Unknown => throw Refusal("is packed in a way that is not known; allowed are stored, deflate, bzip2 and LZMA"),
                var other => throw Refusal($"is packed with {other}; allowed are stored, deflate, bzip2 and LZMA"),
            };
            if (method is null)
                throw new InvalidDataException(_entry.FullName);
            return (owner, entry.OpenEntryStream(), method);
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            owner?.Dispose();
            throw DoesNotUnpack(broken);
        }
        catch
        {
            owner?.Dispose();
            throw;
        }
    }
}
