using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using EDA.Kernels;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// The HDF5 C library, found when first needed: the functions that reading and writing datasets takes, in the library's
/// own names without their H5. A caller holds <see cref="Lock"/>, for most builds of the library are not
/// thread-safe.
/// </summary>
internal sealed unsafe class Hdf5Library
{
    /// <summary>The environment variable that names the library's file where it is not found by itself.</summary>
    public const string PathVariable = "EDA_HDF5";

    // Newest first within a family; from 1.10 on an identifier has 64 bits, which is what is declared here.
    private static readonly string[] Names =
    [
        "libhdf5_serial.so.310", "libhdf5_serial.so.103", "libhdf5_serial.so.101", "libhdf5_serial.so.100",
        "libhdf5.so.320", "libhdf5.so.310", "libhdf5.so.200", "libhdf5.so.103", "libhdf5.so.101",
        "libhdf5_serial.so", "libhdf5.so",
        "libhdf5.dylib", "/opt/homebrew/lib/libhdf5.dylib", "/usr/local/lib/libhdf5.dylib",
        "hdf5.dll",
    ];

    private Hdf5Library(LoadedLibrary library)
    {
        nint Address(string function) => library.Address(function);
        nint First(params ReadOnlySpan<string> functions)
        {
            foreach (string function in functions)
            {
                if (NativeLibrary.TryGetExport(library.Handle, function, out nint address))
                    return address;
            }

            return 0;
        }

        DoNotLockFiles();
        // Must be the first call. Files are closed here and not at the program's exit, where the library would try once
        // more to write what a full disk did not take, and crash.
        ((delegate* unmanaged[Cdecl]<int>)Address("H5dont_atexit"))();
        var open = (delegate* unmanaged[Cdecl]<int>)Address("H5open");
        var version = (delegate* unmanaged[Cdecl]<uint*, uint*, uint*, int>)Address("H5get_libversion");
        uint major, minor, release;
        if (open() < 0 || version(&major, &minor, &release) < 0)
            throw new MissingLibraryException($"{library.Path} does not start");
        if (major == 1 && minor < 10)
            throw new MissingLibraryException($"{library.Path} is HDF5 {major}.{minor}.{release}, and 1.10 or newer is needed");
        Version = $"{major}.{minor}.{release}";

        SilenceErrors = (delegate* unmanaged[Cdecl]<long, nint, nint, int>)Address("H5Eset_auto2");
        WalkErrors = (delegate* unmanaged[Cdecl]<long, int, delegate* unmanaged[Cdecl]<uint, ErrorRecord*, nint, int>, nint, int>)Address("H5Ewalk2");
        FileOpen = (delegate* unmanaged[Cdecl]<byte*, uint, long, long>)Address("H5Fopen");
        FileCreate = (delegate* unmanaged[Cdecl]<byte*, uint, long, long, long>)Address("H5Fcreate");
        FileClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Fclose");
        LinkExists = (delegate* unmanaged[Cdecl]<long, byte*, long, int>)Address("H5Lexists");
        LinkName = (delegate* unmanaged[Cdecl]<long, byte*, int, int, ulong, byte*, nuint, long, nint>)Address("H5Lget_name_by_idx");
        LinkInfo = (delegate* unmanaged[Cdecl]<long, byte*, void*, long, int>)First("H5Lget_info2", "H5Lget_info", "H5Lget_info1");
        LinkValue = (delegate* unmanaged[Cdecl]<long, byte*, void*, nuint, long, int>)Address("H5Lget_val");
        LinkUnpack = (delegate* unmanaged[Cdecl]<void*, nuint, uint*, byte**, byte**, int>)Address("H5Lunpack_elink_val");
        ObjectOpen = (delegate* unmanaged[Cdecl]<long, byte*, long, long>)Address("H5Oopen");
        ObjectClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Oclose");
        ObjectInfo = (delegate* unmanaged[Cdecl]<long, void*, uint, int>)First("H5Oget_info3", "H5Oget_info2");
        ObjectInfoWhole = (delegate* unmanaged[Cdecl]<long, void*, int>)First("H5Oget_info1", "H5Oget_info");
        KindOf = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Iget_type");
        GroupInfo = (delegate* unmanaged[Cdecl]<long, GroupRecord*, int>)Address("H5Gget_info");
        GroupCreate = (delegate* unmanaged[Cdecl]<long, byte*, long, long, long, long>)Address("H5Gcreate2");
        DatasetOpen = (delegate* unmanaged[Cdecl]<long, byte*, long, long>)Address("H5Dopen2");
        DatasetCreate = (delegate* unmanaged[Cdecl]<long, byte*, long, long, long, long, long, long>)Address("H5Dcreate2");
        DatasetType = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Dget_type");
        DatasetSpace = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Dget_space");
        DatasetProperties = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Dget_create_plist");
        DatasetRead = (delegate* unmanaged[Cdecl]<long, long, long, long, long, void*, int>)Address("H5Dread");
        DatasetWrite = (delegate* unmanaged[Cdecl]<long, long, long, long, long, void*, int>)Address("H5Dwrite");
        StorageSize = (delegate* unmanaged[Cdecl]<long, ulong>)Address("H5Dget_storage_size");
        ChunkCount = (delegate* unmanaged[Cdecl]<long, long, ulong*, int>)First("H5Dget_num_chunks");
        ChunkAt = (delegate* unmanaged[Cdecl]<long, ulong*, uint*, ulong*, ulong*, int>)First("H5Dget_chunk_info_by_coord");
        AttributeExists = (delegate* unmanaged[Cdecl]<long, byte*, int>)Address("H5Aexists");
        AttributeOpen = (delegate* unmanaged[Cdecl]<long, byte*, long, long>)Address("H5Aopen");
        AttributeType = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Aget_type");
        AttributeSpace = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Aget_space");
        AttributeRead = (delegate* unmanaged[Cdecl]<long, long, void*, int>)Address("H5Aread");
        AttributeClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Aclose");
        TypeClass = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Tget_class");
        TypeSize = (delegate* unmanaged[Cdecl]<long, nuint>)Address("H5Tget_size");
        TypeSign = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Tget_sign");
        TypeIsVariable = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Tis_variable_str");
        TypeCopy = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Tcopy");
        TypeSetSize = (delegate* unmanaged[Cdecl]<long, nuint, int>)Address("H5Tset_size");
        TypeSetCharacters = (delegate* unmanaged[Cdecl]<long, int, int>)Address("H5Tset_cset");
        TypeEnumerate = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Tenum_create");
        TypeInsert = (delegate* unmanaged[Cdecl]<long, byte*, void*, int>)Address("H5Tenum_insert");
        TypeClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Tclose");
        SpaceCreate = (delegate* unmanaged[Cdecl]<int, ulong*, ulong*, long>)Address("H5Screate_simple");
        SpaceRank = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Sget_simple_extent_ndims");
        SpaceShape = (delegate* unmanaged[Cdecl]<long, ulong*, ulong*, int>)Address("H5Sget_simple_extent_dims");
        SpacePoints = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Sget_simple_extent_npoints");
        SpaceSelect = (delegate* unmanaged[Cdecl]<long, int, ulong*, ulong*, ulong*, ulong*, int>)Address("H5Sselect_hyperslab");
        SelectionKind = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Sget_select_type");
        SelectionPoints = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Sget_select_npoints");
        SelectionBlocks = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Sget_select_hyper_nblocks");
        SelectionBlockList = (delegate* unmanaged[Cdecl]<long, ulong, ulong, ulong*, int>)Address("H5Sget_select_hyper_blocklist");
        SelectionBounds = (delegate* unmanaged[Cdecl]<long, ulong*, ulong*, int>)Address("H5Sget_select_bounds");
        SpaceClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Sclose");
        PropertiesCreate = (delegate* unmanaged[Cdecl]<long, long>)Address("H5Pcreate");
        PropertiesClose = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Pclose");
        Layout = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Pget_layout");
        Chunk = (delegate* unmanaged[Cdecl]<long, int, ulong*, int>)Address("H5Pget_chunk");
        SetChunk = (delegate* unmanaged[Cdecl]<long, int, ulong*, int>)Address("H5Pset_chunk");
        SetDeflate = (delegate* unmanaged[Cdecl]<long, uint, int>)Address("H5Pset_deflate");
        ExternalCount = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Pget_external_count");
        External = (delegate* unmanaged[Cdecl]<long, uint, nuint, byte*, long*, ulong*, int>)Address("H5Pget_external");
        VirtualCount = (delegate* unmanaged[Cdecl]<long, nuint*, int>)Address("H5Pget_virtual_count");
        VirtualSpace = (delegate* unmanaged[Cdecl]<long, nuint, long>)Address("H5Pget_virtual_vspace");
        VirtualSourceSpace = (delegate* unmanaged[Cdecl]<long, nuint, long>)Address("H5Pget_virtual_srcspace");
        VirtualFile = (delegate* unmanaged[Cdecl]<long, nuint, byte*, nuint, nint>)Address("H5Pget_virtual_filename");
        VirtualDataset = (delegate* unmanaged[Cdecl]<long, nuint, byte*, nuint, nint>)Address("H5Pget_virtual_dsetname");
        FilterCount = (delegate* unmanaged[Cdecl]<long, int>)Address("H5Pget_nfilters");
        Filter = (delegate* unmanaged[Cdecl]<long, uint, uint*, nuint*, uint*, nuint, byte*, uint*, int>)Address("H5Pget_filter2");
        FilterAvailable = (delegate* unmanaged[Cdecl]<int, int>)Address("H5Zfilter_avail");
        FreeMemory = (delegate* unmanaged[Cdecl]<void*, int>)Address("H5free_memory");

        NativeFloat = *(long*)Address("H5T_NATIVE_FLOAT_g");
        NativeDouble = *(long*)Address("H5T_NATIVE_DOUBLE_g");
        NativeLongDouble = *(long*)Address("H5T_NATIVE_LDOUBLE_g");
        NativeSigned = *(long*)Address("H5T_NATIVE_INT64_g");
        NativeUnsigned = *(long*)Address("H5T_NATIVE_UINT64_g");
        NativeBits = *(long*)Address("H5T_NATIVE_B64_g");
        NativeSignedByte = *(long*)Address("H5T_NATIVE_SCHAR_g");
        CString = *(long*)Address("H5T_C_S1_g");
        StoredFloat = *(long*)Address("H5T_IEEE_F32LE_g");
        StoredDouble = *(long*)Address("H5T_IEEE_F64LE_g");
        ForDatasets = *(long*)Address("H5P_CLS_DATASET_CREATE_ID_g");
    }

    /// <summary>This machine's.</summary>
    public static MachineLibrary<Hdf5Library> OfMachine { get; } = new(
        "HDF5",
        "reading and writing .hdf5 datasets",
        $"install Debian's or Ubuntu's package libhdf5-103-1 (libhdf5-310 in newer releases), elsewhere hdf5, or set {PathVariable} to the library's file",
        () => Names,
        library => new Hdf5Library(library))
    {
        Variable = PathVariable,
        ReadVersion = library => library.Version,
    };

    /// <summary>Held around every call, process-wide.</summary>
    public static Lock Lock { get; } = new();

    /// <summary>For instance 1.10.8.</summary>
    public string Version { get; }

    public readonly delegate* unmanaged[Cdecl]<long, nint, nint, int> SilenceErrors;
    public readonly delegate* unmanaged[Cdecl]<long, int, delegate* unmanaged[Cdecl]<uint, ErrorRecord*, nint, int>, nint, int> WalkErrors;
    public readonly delegate* unmanaged[Cdecl]<byte*, uint, long, long> FileOpen;
    public readonly delegate* unmanaged[Cdecl]<byte*, uint, long, long, long> FileCreate;
    public readonly delegate* unmanaged[Cdecl]<long, int> FileClose;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, int> LinkExists;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, int, int, ulong, byte*, nuint, long, nint> LinkName;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, void*, long, int> LinkInfo;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, void*, nuint, long, int> LinkValue;
    public readonly delegate* unmanaged[Cdecl]<void*, nuint, uint*, byte**, byte**, int> LinkUnpack;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, long> ObjectOpen;
    public readonly delegate* unmanaged[Cdecl]<long, int> ObjectClose;
    public readonly delegate* unmanaged[Cdecl]<long, int> KindOf;

    /// <summary>From 1.10.3 on; null in an older library, which has <see cref="ObjectInfoWhole"/>.</summary>
    public readonly delegate* unmanaged[Cdecl]<long, void*, uint, int> ObjectInfo;
    public readonly delegate* unmanaged[Cdecl]<long, void*, int> ObjectInfoWhole;
    public readonly delegate* unmanaged[Cdecl]<long, GroupRecord*, int> GroupInfo;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, long, long, long> GroupCreate;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, long> DatasetOpen;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, long, long, long, long, long> DatasetCreate;
    public readonly delegate* unmanaged[Cdecl]<long, long> DatasetType;
    public readonly delegate* unmanaged[Cdecl]<long, long> DatasetSpace;
    public readonly delegate* unmanaged[Cdecl]<long, long> DatasetProperties;
    public readonly delegate* unmanaged[Cdecl]<long, long, long, long, long, void*, int> DatasetRead;
    public readonly delegate* unmanaged[Cdecl]<long, long, long, long, long, void*, int> DatasetWrite;
    public readonly delegate* unmanaged[Cdecl]<long, ulong> StorageSize;

    /// <summary>From 1.10.5 on; null in an older library.</summary>
    public readonly delegate* unmanaged[Cdecl]<long, long, ulong*, int> ChunkCount;

    /// <summary>From 1.10.5 on; null in an older library.</summary>
    public readonly delegate* unmanaged[Cdecl]<long, ulong*, uint*, ulong*, ulong*, int> ChunkAt;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, int> AttributeExists;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, long, long> AttributeOpen;
    public readonly delegate* unmanaged[Cdecl]<long, long> AttributeType;
    public readonly delegate* unmanaged[Cdecl]<long, long> AttributeSpace;
    public readonly delegate* unmanaged[Cdecl]<long, long, void*, int> AttributeRead;
    public readonly delegate* unmanaged[Cdecl]<long, int> AttributeClose;
    public readonly delegate* unmanaged[Cdecl]<long, int> TypeClass;
    public readonly delegate* unmanaged[Cdecl]<long, nuint> TypeSize;
    public readonly delegate* unmanaged[Cdecl]<long, int> TypeSign;
    public readonly delegate* unmanaged[Cdecl]<long, int> TypeIsVariable;
    public readonly delegate* unmanaged[Cdecl]<long, long> TypeCopy;
    public readonly delegate* unmanaged[Cdecl]<long, nuint, int> TypeSetSize;
    public readonly delegate* unmanaged[Cdecl]<long, int, int> TypeSetCharacters;
    public readonly delegate* unmanaged[Cdecl]<long, long> TypeEnumerate;
    public readonly delegate* unmanaged[Cdecl]<long, byte*, void*, int> TypeInsert;
    public readonly delegate* unmanaged[Cdecl]<long, int> TypeClose;
    public readonly delegate* unmanaged[Cdecl]<int, ulong*, ulong*, long> SpaceCreate;
    public readonly delegate* unmanaged[Cdecl]<long, int> SpaceRank;
    public readonly delegate* unmanaged[Cdecl]<long, ulong*, ulong*, int> SpaceShape;
    public readonly delegate* unmanaged[Cdecl]<long, long> SpacePoints;
    public readonly delegate* unmanaged[Cdecl]<long, int, ulong*, ulong*, ulong*, ulong*, int> SpaceSelect;
    public readonly delegate* unmanaged[Cdecl]<long, int> SelectionKind;
    public readonly delegate* unmanaged[Cdecl]<long, long> SelectionPoints;
    public readonly delegate* unmanaged[Cdecl]<long, long> SelectionBlocks;
    public readonly delegate* unmanaged[Cdecl]<long, ulong, ulong, ulong*, int> SelectionBlockList;
    public readonly delegate* unmanaged[Cdecl]<long, ulong*, ulong*, int> SelectionBounds;
    public readonly delegate* unmanaged[Cdecl]<long, int> SpaceClose;
    public readonly delegate* unmanaged[Cdecl]<long, long> PropertiesCreate;
    public readonly delegate* unmanaged[Cdecl]<long, int> PropertiesClose;
    public readonly delegate* unmanaged[Cdecl]<long, int> Layout;
    public readonly delegate* unmanaged[Cdecl]<long, int, ulong*, int> Chunk;
    public readonly delegate* unmanaged[Cdecl]<long, int, ulong*, int> SetChunk;
    public readonly delegate* unmanaged[Cdecl]<long, uint, int> SetDeflate;
    public readonly delegate* unmanaged[Cdecl]<long, int> ExternalCount;
    public readonly delegate* unmanaged[Cdecl]<long, uint, nuint, byte*, long*, ulong*, int> External;
    public readonly delegate* unmanaged[Cdecl]<long, nuint*, int> VirtualCount;
    public readonly delegate* unmanaged[Cdecl]<long, nuint, long> VirtualSpace;
    public readonly delegate* unmanaged[Cdecl]<long, nuint, long> VirtualSourceSpace;
    public readonly delegate* unmanaged[Cdecl]<long, nuint, byte*, nuint, nint> VirtualFile;
    public readonly delegate* unmanaged[Cdecl]<long, nuint, byte*, nuint, nint> VirtualDataset;
    public readonly delegate* unmanaged[Cdecl]<long, int> FilterCount;
    public readonly delegate* unmanaged[Cdecl]<long, uint, uint*, nuint*, uint*, nuint, byte*, uint*, int> Filter;
    public readonly delegate* unmanaged[Cdecl]<int, int> FilterAvailable;
    public readonly delegate* unmanaged[Cdecl]<void*, int> FreeMemory;

    public readonly long NativeFloat;
    public readonly long NativeDouble;
    public readonly long NativeLongDouble;
    public readonly long NativeSigned;
    public readonly long NativeUnsigned;
    public readonly long NativeBits;
    public readonly long NativeSignedByte;
    public readonly long CString;
    public readonly long StoredFloat;
    public readonly long StoredDouble;
    public readonly long ForDatasets;

    /// <summary>H5G_info_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct GroupRecord
    {
        public int Storage;
        public ulong Links;
        public long LargestOrder;
        public byte Mounted;
    }

    /// <summary>H5E_error2_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ErrorRecord
    {
        public long Class;
        public long Major;
        public long Minor;
        public uint Line;
        public byte* Function;
        public byte* File;
        public byte* Description;
    }

    /// <summary>The library, silent on this thread: its own error lines would go to the user's screen.</summary>
    /// <exception cref="MissingLibraryException">There is none.</exception>
    public static Hdf5Library Ready()
    {
        var library = OfMachine.Calls;
        library.SilenceErrors(0, 0, 0);
        return library;
    }

    /// <summary>A text as the library takes it: UTF-8 with a zero behind it.</summary>
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    /// <summary>The innermost reason for the last call's failure, in the library's words.</summary>
    public string Reason()
    {
        var text = new StringBuilder();
        var handle = GCHandle.Alloc(text);
        try
        {
            WalkErrors(0, 0, &Note, GCHandle.ToIntPtr(handle));
        }
        finally
        {
            handle.Free();
        }

        return text.Length > 0 ? text.ToString() : "no reason given";
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Note(uint level, ErrorRecord* record, nint state)
    {
        if (level == 0 && GCHandle.FromIntPtr(state).Target is StringBuilder text)
            text.Append(Marshal.PtrToStringUTF8((nint)record->Description));
        return 0;
    }

    // The C library's environment is not .NET's copy of it.
    [DllImport("libc", EntryPoint = "setenv")]
    private static extern int SetEnvironment(byte[] name, byte[] value, int overwrite);

    // HDF5 locks the files it opens, and a child process started meanwhile inherits the lock and keeps it: a file just
    // written could not be read until that child has ended. Files here are written once, under a new name, then only read.
    private static void DoNotLockFiles()
    {
        if (!OperatingSystem.IsWindows())
            _ = SetEnvironment("HDF5_USE_FILE_LOCKING\0"u8.ToArray(), "FALSE\0"u8.ToArray(), 0);
    }
}
