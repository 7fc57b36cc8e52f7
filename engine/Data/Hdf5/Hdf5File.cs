using System.Runtime.InteropServices;
using System.Text;
using EDA.Kernels;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// An HDF5 file to read: groups that hold datasets of numbers, by paths such as <c>episode_0/rewards</c>. See
/// <see cref="Hdf5Writer"/> for files to write.
/// </summary>
public sealed unsafe class Hdf5File : IDisposable
{
    private const uint ReadOnly = 0;
    private const int Ascending = 0, ByName = 0;
    private const int KindGroup = 2, KindDataset = 5, KindBroken = -2;
    private const int ClassInteger = 0, ClassString = 3;
    private const uint BasicFields = 1;
    private const int LongestRecord = 512, IdentityBytes = 24;
    private static readonly byte[] Signature = [0x89, (byte)'H', (byte)'D', (byte)'F', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n'];
    private readonly Hdf5Library _library;
    private long _id;

    private Hdf5File(string path, Hdf5Library library, long id) => (Path, _library, _id) = (path, library, id);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The HDF5 C library of this machine, without which no file can be opened or written.</summary>
    public static MachineLibrary Library => Hdf5Library.OfMachine;

    /// <summary>Whether a file begins as HDF5 files do: with the signature at byte 0, or at 512, 1024 and so on.</summary>
    /// <param name="path">The file.</param>
    /// <returns>True if it does, whatever follows.</returns>
    public static bool HasSignature(string path) => SignatureAt(path) is not null;

    // Where the signature stands; null where there is none.
    private static long? SignatureAt(string path)
    {
        // No lock is asked for: a process that was started while a file was being written may still hold the writer's.
        using var stream = FileToRead.Open(path, FileShare.ReadWrite);
        Span<byte> bytes = stackalloc byte[Signature.Length];
        for (long offset = 0; offset + bytes.Length <= stream.Length; offset = offset == 0 ? 512 : 2 * offset)
        {
            stream.Position = offset;
            stream.ReadExactly(bytes);
            if (bytes.SequenceEqual(Signature))
                return offset;
        }

        return null;
    }

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file.</returns>
    /// <exception cref="InvalidFileException">It is empty, no HDF5 file, or cut short.</exception>
    /// <exception cref="MissingLibraryException">There is no HDF5 library.</exception>
    public static Hdf5File Open(string path)
    {
        if (new FileInfo(path).Length == 0)
            throw new InvalidFileException(path, "the file is empty");
        if (SignatureAt(path) is not { } start)
            throw new InvalidFileException(path, "not an HDF5 file: its signature is missing");
        lock (Hdf5Library.Lock)
        {
            var library = Hdf5Library.Ready();
            Hdf5Structure.Check(path, start);
            long id;
            fixed (byte* name = Hdf5Library.Text(path))
                id = library.FileOpen(name, ReadOnly, 0);
            return id >= 0
                ? new Hdf5File(path, library, id)
                : throw (IsMarkedAsOpen(path)
                    ? new InvalidFileException(path, "is open for writing, or was left so by a program that was killed: wait until it is written, or run h5clear --status on a copy and look whether all of it is there")
                    : new InvalidFileException(path, $"broken or cut short: {library.Reason()}"));
        }
    }

    /// <summary>Whether there is a group or dataset of that name, be it one that cannot be opened.</summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>True if there is.</returns>
    public bool Exists(string name) => KindOf(name) is KindGroup or KindDataset or KindBroken;

    /// <summary>Whether there is something of that name that cannot be opened: a link to nothing, or an object whose header is damaged.</summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>True if there is.</returns>
    public bool IsBroken(string name) => KindOf(name) == KindBroken;

    /// <summary>Whether a name is that of a group.</summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>True if there is such a group.</returns>
    public bool IsGroup(string name) => KindOf(name) == KindGroup;

    /// <summary>The names in a group, in the library's order of names.</summary>
    /// <param name="group">The group's path; the root without it.</param>
    /// <returns>The names, without the group's own.</returns>
    /// <exception cref="InvalidFileException">The group cannot be read.</exception>
    public IReadOnlyList<string> Names(string group = "/")
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = OpenObject(group);
            try
            {
                Hdf5Library.GroupRecord record;
                if (_library.GroupInfo(id, &record) < 0)
                    throw Unreadable(group);
                var names = new List<string>(checked((int)record.Links));
                byte here = (byte)'.';
                byte* self = stackalloc byte[] { here, 0 };
                for (ulong i = 0; i < record.Links; i++)
                {
                    nint length = _library.LinkName(id, self, ByName, Ascending, i, null, 0, 0);
                    if (length < 0)
                        throw Unreadable(group);
                    var text = new byte[length + 1];
                    fixed (byte* destination = text)
                    {
                        if (_library.LinkName(id, self, ByName, Ascending, i, destination, (nuint)text.Length, 0) < 0)
                            throw Unreadable(group);
                    }

                    names.Add(Encoding.UTF8.GetString(text, 0, (int)length));
                }

                return names;
            }
            finally
            {
                _library.ObjectClose(id);
            }
        }
    }

    /// <summary>
    /// What tells a group or dataset from every other, whatever name it has: links may lead to one on several ways, and back
    /// to where they are.
    /// </summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>Words that only it has.</returns>
    /// <exception cref="InvalidFileException">It cannot be opened.</exception>
    public string Identity(string name)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = OpenObject(name);
            try
            {
                // The file's number and the object's address, which newer libraries call a token, come first.
                var record = new byte[LongestRecord];
                fixed (byte* destination = record)
                {
                    if ((_library.ObjectInfo != null ? _library.ObjectInfo(id, destination, BasicFields) : _library.ObjectInfoWhole(id, destination)) < 0)
                        throw Unreadable(name);
                }

                return Convert.ToHexString(record.AsSpan(0, IdentityBytes));
            }
            finally
            {
                _library.ObjectClose(id);
            }
        }
    }

    /// <summary>Opens a dataset of numbers.</summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>The dataset, owned by the caller.</returns>
    /// <exception cref="InvalidFileException">It is not there or cannot be read.</exception>
    public Hdf5Dataset Dataset(string name)
    {
        int kind = KindOf(name);
        if (kind is not KindDataset && BrokenLink(name) is { } link)
            throw new InvalidFileException(Path, link);
        if (kind is not (KindDataset or KindBroken))
            throw new InvalidFileException(Path, kind == KindGroup ? $"{name} is a group; allowed is an array of numbers" : kind < 0 ? $"{name} is missing" : $"{name} is a type; allowed is an array of numbers");
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = OpenObject(name);
            try
            {
                return new Hdf5Dataset(this, _library, name, id);
            }
            catch
            {
                _library.ObjectClose(id);
                throw;
            }
        }
    }

    /// <summary>A dataset that holds a single text.</summary>
    /// <param name="name">Its path within the file.</param>
    /// <returns>The text, or null where there is none.</returns>
    public string? Text(string name)
    {
        if (KindOf(name) != KindDataset)
            return null;
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = OpenObject(name);
            long type = _library.DatasetType(id), space = _library.DatasetSpace(id);
            try
            {
                return ReadText(type, space, (memory, destination) => _library.DatasetRead(id, memory, 0, 0, 0, destination));
            }
            finally
            {
                _library.SpaceClose(space);
                _library.TypeClose(type);
                _library.ObjectClose(id);
            }
        }
    }

    /// <summary>An attribute that holds a single text.</summary>
    /// <param name="owner">The group or dataset that has it.</param>
    /// <param name="name">The attribute.</param>
    /// <returns>The text, or null where there is none.</returns>
    public string? TextAttribute(string owner, string name)
    {
        string? found = null;
        ReadAttribute(owner, name, (attribute, type, space) => found = ReadText(type, space, (memory, destination) => _library.AttributeRead(attribute, memory, destination)));
        return found;
    }

    /// <summary>An attribute that holds a single whole number.</summary>
    /// <param name="owner">The group or dataset that has it.</param>
    /// <param name="name">The attribute.</param>
    /// <returns>The number, or null where there is none.</returns>
    public long? NumberAttribute(string owner, string name)
    {
        long? found = null;
        ReadAttribute(owner, name, (attribute, type, space) =>
        {
            long number;
            if (_library.TypeClass(type) == ClassInteger && _library.SpacePoints(space) == 1 && _library.AttributeRead(attribute, _library.NativeSigned, &number) >= 0)
                found = number;
        });
        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Hdf5Library.Lock)
        {
            if (_id >= 0)
                _library.FileClose(_id);
            _id = -1;
        }
    }

    /// <summary>Rows of a dataset that are not in the file; null where all are.</summary>
    internal Hdf5Presence.Gap? FindGap(long dataset)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            return new Hdf5Presence(_library).Find(_id, Path, dataset);
        }
    }

    /// <summary>Whether the file says that it is open for writing: from version 3 of its first block on.</summary>
    private static bool IsMarkedAsOpen(string path)
    {
        const int Version = 8, Flags = 11, Writing = 1 | 4;
        using var stream = FileToRead.Open(path, FileShare.ReadWrite);
        Span<byte> block = stackalloc byte[Flags + 1];
        for (long offset = 0; offset + block.Length <= stream.Length; offset = offset == 0 ? 512 : 2 * offset)
        {
            stream.Position = offset;
            stream.ReadExactly(block);
            if (block.StartsWith(Signature))
                return block[Version] >= 3 && (block[Flags] & Writing) != 0;
        }

        return false;
    }

    /// <summary>Which link on the way to a name leads nowhere, in words; null where all lead somewhere or are missing.</summary>
    private string? BrokenLink(string name)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            string[] steps = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
            for (int i = 1; i <= steps.Length; i++)
            {
                string part = string.Join('/', steps[..i]);
                fixed (byte* text = Hdf5Library.Text(part))
                {
                    if (_library.LinkExists(_id, text, 0) <= 0)
                        return null;
                    long id = _library.ObjectOpen(_id, text, 0);
                    if (id >= 0)
                        _library.ObjectClose(id);
                    else
                        return Target(text) is { } target ? $"{part} is a link to {target}, which is not there or cannot be opened" : null;
                }
            }

            return null;
        }
    }

    /// <summary>Where a link leads; null for one that is the object itself.</summary>
    private string? Target(byte* name)
    {
        const int SoftLink = 1, ExternalLink = 64, SizeAt = 24;
        var record = new byte[LongestRecord];
        fixed (byte* destination = record)
        {
            if (_library.LinkInfo == null || _library.LinkInfo(_id, name, destination, 0) < 0)
                return null;
        }

        int kind = BitConverter.ToInt32(record);
        long size = BitConverter.ToInt64(record, SizeAt);
        if (kind is not (SoftLink or ExternalLink) || size is <= 0 or > short.MaxValue)
            return null;
        var value = new byte[size];
        fixed (byte* destination = value)
        {
            if (_library.LinkValue(_id, name, destination, (nuint)size, 0) < 0)
                return null;
            if (kind == SoftLink)
                return Encoding.UTF8.GetString(value).TrimEnd('\0');
            uint flags;
            byte* file, inside;
            return _library.LinkUnpack(destination, (nuint)size, &flags, &file, &inside) < 0
                ? null
                : $"{Marshal.PtrToStringUTF8((nint)inside)} in {Marshal.PtrToStringUTF8((nint)file)}";
        }
    }

    private string? ReadText(long type, long space, TextRead read)
    {
        if (_library.TypeClass(type) != ClassString || _library.SpacePoints(space) != 1)
            return null;
        if (_library.TypeIsVariable(type) > 0)
        {
            byte* text = null;
            if (read(type, &text) < 0 || text is null)
                return null;
            string copy = Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
            _library.FreeMemory(text);
            return copy;
        }

        var bytes = new byte[_library.TypeSize(type)];
        fixed (byte* destination = bytes)
        {
            if (read(type, destination) < 0)
                return null;
        }

        return Encoding.UTF8.GetString(bytes).TrimEnd('\0', ' ');
    }

    private delegate int TextRead(long memoryType, void* destination);

    private void ReadAttribute(string owner, string name, Action<long, long, long> read)
    {
        if (KindOf(owner) is not (KindGroup or KindDataset))
            return;
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = OpenObject(owner), attribute = -1, type = -1, space = -1;
            try
            {
                fixed (byte* text = Hdf5Library.Text(name))
                {
                    if (_library.AttributeExists(id, text) <= 0 || (attribute = _library.AttributeOpen(id, text, 0)) < 0)
                        return;
                }

                (type, space) = (_library.AttributeType(attribute), _library.AttributeSpace(attribute));
                read(attribute, type, space);
            }
            finally
            {
                if (space >= 0)
                    _library.SpaceClose(space);
                if (type >= 0)
                    _library.TypeClose(type);
                if (attribute >= 0)
                    _library.AttributeClose(attribute);
                _library.ObjectClose(id);
            }
        }
    }

    /// <summary>Group, dataset, another kind, <see cref="KindBroken"/>, or −1 where there is nothing.</summary>
    private int KindOf(string name)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            string trimmed = name.Trim('/');
            fixed (byte* text = Hdf5Library.Text(trimmed.Length > 0 ? trimmed : "/"))
            {
                long id = _library.ObjectOpen(_id, text, 0);
                if (id < 0)
                    return IsLinked(trimmed) ? KindBroken : -1;
                int kind = _library.KindOf(id);
                _library.ObjectClose(id);
                return kind;
            }
        }
    }

    /// <summary>Whether there is a link of that name, wherever it leads.</summary>
    private bool IsLinked(string path)
    {
        // A path exists if each of its beginnings does: the library wants them asked for one by one.
        for (int end = path.IndexOf('/', StringComparison.Ordinal); path.Length > 0; end = path.IndexOf('/', end + 1))
        {
            fixed (byte* text = Hdf5Library.Text(end < 0 ? path : path[..end]))
            {
                if (_library.LinkExists(_id, text, 0) <= 0)
                    return false;
            }

            if (end < 0)
                break;
        }

        return true;
    }

    private long OpenObject(string name)
    {
        fixed (byte* text = Hdf5Library.Text(name))
        {
            long id = _library.ObjectOpen(_id, text, 0);
            return id >= 0 ? id : throw Unreadable(name);
        }
    }

    private InvalidFileException Unreadable(string name) => new(Path, $"{name} cannot be read: {_library.Reason()}");
}
